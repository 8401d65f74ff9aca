"""A Shopify record as we know it, however it reached us: by webhook body or by GraphQL node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from services.shared.contract.events import Change
from services.shared.contract.keys import SourceKey
from services.shared.contract.versions import Version

Value = str | int | bool | Decimal | datetime | tuple[str, ...] | None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One record, its fields by their names in the catalogue, and its parts.

    A field that is not in ``fields`` is unknown; ``None``, ``""`` and ``()`` are known to be empty.
    ``parts`` holds line items of orders and checkouts, variants of products; a kind of part whose
    list may lack some is not in ``complete_parts``, and nothing may be removed because of it.
    """

    kind: str
    id: str
    fields: Mapping[str, Value]
    parts: Mapping[str, Sequence[Record]] = msgspec.field(default_factory=dict)
    complete_parts: frozenset[str] = frozenset()


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What one event says of one source.

    A ``STATE`` has a ``record`` and ``updated_at``; a ``HINT`` may have either, neither decides.
    ``claims_deletion`` is believed only when a read finds nothing.
    """

    source: SourceKey
    change: Change
    updated_at: datetime | None = None
    record: Record | None = None
    claims_deletion: bool = False


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it was at a version; ``body`` is the event it came with, if one did.

    ``heard_at`` is the ``updated_at`` of the latest webhook that told any of it, if one did.
    """

    record: Record
    version: Version
    body: bytes | None = None
    heard_at: datetime | None = None
