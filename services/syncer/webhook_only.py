"""What only a webhook shows of a record, kept for the read that must do without it. Pure.

GraphQL has an order's landing page in fields that are deprecated or come with its customer's
journey, which is reckoned later; and an abandoned checkout's email only if a customer has it. An
event that cannot be applied at once leaves these values with the record that waits. Of
several webhooks the latest is believed, by its ``updated_at``: no read says anything about them,
so that one which a later read supersedes in all else may still be the latest that tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec
import orjson
from msgspec.structs import replace

from services.shared.contract.records import State, Value
from services.shared.ledger.sources import SourceRow
from services.shared.shopify.catalogue.kinds import CATALOGUE
from services.shared.shopify.catalogue.reading import READERS, FieldType

_TYPES: Final[Mapping[str, Mapping[str, FieldType]]] = MappingProxyType(
    {
        kind.name: {each.name: each.type for each in kind.fields if each.node is None}
        for kind in CATALOGUE.values()
    }
)
_AT = "heard_at"
# What waits since before its time was written down is the latest as far as anybody knows.
_LATEST = datetime.max.replace(tzinfo=UTC)


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """Values that no read can show, and the ``updated_at`` of the webhook they are from."""

    at: datetime | None
    fields: Mapping[str, Value]


def heard_in(state: State | None) -> Heard | None:
    """What ``state`` knows by a webhook alone; None if nothing."""
    if state is None or state.heard_at is None:
        return None
    fields = state.record.fields
    names = [name for name in _TYPES.get(state.record.kind, ()) if name in fields]
    return Heard(at=state.heard_at, fields={n: fields[n] for n in names}) if names else None


def kept(state: State | None, row: SourceRow | None = None) -> bytes | None:
    """``heard_in`` for the ledger; None if it knows none, or what waits with ``row`` is later."""
    heard, waiting = heard_in(state), waiting_in(row)
    if heard is None or heard.at is None:
        return None
    if waiting and waiting.at and waiting.at > heard.at:
        return None
    plain = {name: _plain(value) for name, value in heard.fields.items()}
    return orjson.dumps({**plain, _AT: heard.at.isoformat()})


def completed(state: State, *heard: Heard | None, after: datetime | None = None) -> State:
    """``state`` with what webhooks told, the latest of them and ``state`` itself first.

    ``after`` is how late the latest was whose values HubSpot has: nothing from before it is taken.
    """
    told = [each for each in heard if each and not (after and _moment(each) < after)]
    if not told:
        return state
    own = heard_in(state)
    fields = dict(state.record.fields)
    for each in sorted([own, *told] if own else told, key=_moment):
        fields |= each.fields
    latest = max(filter(None, (state.heard_at, *(each.at for each in told))), default=None)
    return replace(state, record=replace(state.record, fields=fields), heard_at=latest)


def waiting_in(row: SourceRow | None) -> Heard | None:
    """What waits with a source of the catalogue, as ``kept`` left it."""
    if row is None or row.body is None:
        return None
    types = _TYPES.get(row.key.kind, {})
    body = orjson.loads(row.body)
    fields = {
        name: None if value is None else READERS[types[name]](value)
        for name, value in body.items()
        if name in types
    }
    at = body.get(_AT) if types else None
    return Heard(at=datetime.fromisoformat(at) if at else None, fields=fields)


def applied_at(row: SourceRow | None) -> datetime | None:
    """How late the latest webhook was whose values HubSpot has; None if it has none."""
    if row is None:
        return None
    version = row.version
    by_webhook = version.updated_at if version and version.observed_at is None else None
    return max(filter(None, (row.heard_at, by_webhook)), default=None)


def has_news(state: State | None, row: SourceRow | None) -> bool:
    """Whether ``state``, superseded in all else, still tells what nothing later has told."""
    heard, known = heard_in(state), applied_at(row)
    if heard is None or all(value in (None, "") for value in heard.fields.values()):
        return False
    return known is None or _moment(heard) > known


def _moment(heard: Heard) -> datetime:
    return heard.at or _LATEST


def _plain(value: Value) -> object:
    return str(value) if isinstance(value, Decimal) else value
