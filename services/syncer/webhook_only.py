"""What only a webhook shows of a record, kept for the read that must do without it. Pure.

GraphQL has no landing page of an order, and an abandoned checkout's email only if a customer has
it. An event that cannot be applied at once leaves these values with the record that waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import orjson

from services.shared.contract.records import Record, State, Value
from services.shared.ledger.sources import SourceRow
from services.shared.shopify.catalogue.kinds import CATALOGUE
from services.shared.shopify.catalogue.reading import READERS, FieldType

_TYPES: Final[Mapping[str, Mapping[str, FieldType]]] = MappingProxyType(
    {
        kind.name: {each.name: each.type for each in kind.fields if each.node is None}
        for kind in CATALOGUE.values()
    }
)


def kept(state: State | None) -> bytes | None:
    """The values of ``state`` that no read can show; None if it knows none."""
    if state is None:
        return None
    fields = state.record.fields
    names = [name for name in _TYPES.get(state.record.kind, ()) if name in fields]
    return orjson.dumps({name: _plain(fields[name]) for name in names}) if names else None


def completed(state: State, *earlier: Record | None) -> State:
    """``state`` with what it does not know taken from earlier records, the latest first."""
    fields = dict(state.record.fields)
    for each in earlier:
        fields = {**each.fields, **fields} if each else fields
    return replace(state, record=replace(state.record, fields=fields))


def record_in(row: SourceRow | None) -> Record | None:
    """What waits with a source of the catalogue, as ``kept`` left it."""
    if row is None or row.body is None:
        return None
    types = _TYPES.get(row.key.kind, {})
    fields = {
        name: None if value is None else READERS[types[name]](value)
        for name, value in orjson.loads(row.body).items()
        if name in types
    }
    return Record(kind=row.key.kind, id=row.key.id, fields=fields)


def _plain(value: Value) -> object:
    return str(value) if isinstance(value, Decimal) else value
