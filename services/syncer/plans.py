"""What HubSpot ought to show of one Shopify record: values between planning and applying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from services.shared.contract.keys import SourceKey
from services.shared.contract.records import State
from services.shared.contract.versions import Version
from services.shared.ledger.links import Link

CONTACTS = "contacts"
PRODUCTS = "products"
ORDERS = "orders"
CARTS = "carts"
LINE_ITEMS = "line_items"

VARIANTS = "variants"
ORDER_LINES = "line_items"
CART_LINES = "cart_lines"
GUESTS = "guests"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of an aggregate that is a HubSpot record of its own: a line item, a variant."""

    source: SourceKey
    properties: Mapping[str, str]


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """Someone who bought without an account: known by an email, never a source of updates."""

    source: SourceKey
    email: str
    properties: Mapping[str, str]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """An aggregate as HubSpot ought to show it.

    ``head_type`` is the HubSpot type of the record itself (products have none, their variants are
    the HubSpot records); ``part_type`` and ``part_kind`` name HubSpot's and our kind of its parts.
    With ``excluded`` nothing is written; ``due_in_ms`` then says when to look again.
    ``mentions`` are links that will be wanted once the customer at their end has an email;
    ``keeps_links`` says that who it belongs to is unknown, and stays as it was.
    ``tokens`` are (kind, value) pairs by which others find this source; ``note`` is what is to be
    said of a record that is in sync all the same; ``state`` is what the plan was made of, where a
    later read would not show all of it.
    """

    source: SourceKey
    version: Version
    head_type: str = ""
    properties: Mapping[str, str] = msgspec.field(default_factory=dict)
    part_type: str = ""
    part_kind: str = ""
    parts: Sequence[Part] = ()
    has_all_parts: bool = False
    links: Sequence[Link] = ()
    mentions: Sequence[Link] = ()
    refers_to: Mapping[SourceKey, int] = msgspec.field(default_factory=dict)
    guest: Guest | None = None
    keeps_links: bool = False
    tokens: Sequence[tuple[str, str]] = ()
    email: str = ""
    excluded: str = ""
    due_in_ms: int | None = None
    label: str = ""
    note: str = ""
    created_at: datetime | None = None
    state: State | None = None

    @property
    def heard_at(self) -> datetime | None:
        """The ``updated_at`` of the webhook by which what only webhooks show came, if any did."""
        return self.state.heard_at if self.state else None
