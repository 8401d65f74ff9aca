"""What a mapping is made of: rows, and what the account and the store add to a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from services.shared.contract.records import Value
from services.syncer.mapping.stages import DEFAULT_STAGES, Stages

PARENT = "parent."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a mapping: some Shopify fields, a converter's name, a HubSpot property.

    A source is a field's name in the catalogue; ``parent.currency`` is the field of the record this
    one is a part of. If one of the sources is unknown the property is left out. ``empty`` is what a
    known emptiness is written as; ``""`` clears the property.
    """

    target: str
    converter: str
    sources: tuple[str, ...]
    empty: str = ""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a record does not know of itself.

    ``currencies`` are the codes the account has, ``None`` while nobody knows; ``parent`` the fields
    of the order, checkout or product; ``products`` the HubSpot ids of the variants that are there.
    """

    shop: str
    stages: Stages = DEFAULT_STAGES
    currencies: frozenset[str] | None = None
    parent: Mapping[str, Value] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    products: Mapping[str, str] = msgspec.field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A row the account cannot take: its property is ``missing`` or ``read_only``."""

    target: str
    reason: str


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """Properties to write, and those left out because the account would refuse their value."""

    properties: dict[str, str]
    left_out: tuple[str, ...] = ()
