"""What an event on the log says of our sources. Total: any bytes give observations or one error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec
import orjson

from services.shared.contract.errors import EventAtFaultError
from services.shared.contract.events import Change, Event, Origin, Provenance
from services.shared.contract.keys import SourceKey, source_key_in
from services.shared.contract.records import Observation, Record
from services.shared.contract.topics import ObjectType
from services.shared.shopify.bodies import id_of, record_from_body
from services.shared.shopify.catalogue.kinds import CATALOGUE
from services.shared.shopify.catalogue.reading import ABSURD, id_in
from services.shared.shopify.nodes import record_from_node

_NOTHING: Final = frozenset({b"", b"null", b"{}"})

Body = Mapping[str, Any]
Read = Callable[["_Rule", Body], Sequence["_Said"]]


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a body says of one record, before we know whose shop it is."""

    id: str
    change: Change = Change.HINT
    record: Record | None = None
    claims_deletion: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """How bodies of some topics are read: of which kind, with what, where the id stands."""

    kind: ObjectType
    read: Read
    id_at: tuple[str, ...] = ()


def observations_in(event: Event, provenance: Provenance) -> Sequence[Observation]:
    """What ``event`` says, one observation a source; a merge speaks of two.

    An event that a read put on the log carries a GraphQL node, or nothing, which is a hint.

    Raises:
        EventAtFaultError: ``unknown_topic``, ``not_json``, ``not_an_object``, ``missing_id``,
            ``absurd_id``, ``absurd_value``, ``bad_key``, ``wrong_shop`` or ``wrong_record``.
    """
    key = source_key_in(event.key)
    if key.shop != provenance.shop:
        raise EventAtFaultError("wrong_shop")
    if _is_webhook(provenance):
        rule = _RULES.get(provenance.shopify_topic)
        if rule is None:
            raise EventAtFaultError("unknown_topic")
        said = rule.read(rule, _object_in(event.value))
        kind: str = rule.kind
    else:
        kind, said = key.kind, _said_by_read(key, event.value)
    if kind != key.kind or all(each.id != key.id for each in said):
        raise EventAtFaultError("wrong_record")
    return tuple(_observation(key.shop, kind, each) for each in said)


def _is_webhook(provenance: Provenance) -> bool:
    """Replayed events keep their topic, which reads never had."""
    if provenance.origin == Origin.REPLAY:
        return bool(provenance.shopify_topic)
    return provenance.origin == Origin.WEBHOOK


def _said_by_read(key: SourceKey, value: bytes) -> Sequence[_Said]:
    if key.kind not in CATALOGUE:
        raise EventAtFaultError("bad_key")
    if value.strip() in _NOTHING:
        return (_Said(id=key.id),)
    record = record_from_node(key.kind, _object_in(value))
    return (_Said(id=record.id, change=_change(record), record=record),)


def _observation(shop: str, kind: str, said: _Said) -> Observation:
    updated_at = said.record.fields.get("updated_at") if said.record else None
    return Observation(
        source=SourceKey(shop, kind, said.id),
        change=said.change,
        updated_at=updated_at if isinstance(updated_at, datetime) else None,
        record=said.record,
        claims_deletion=said.claims_deletion,
    )


def _object_in(value: bytes) -> Body:
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError as problem:
        raise EventAtFaultError("not_json") from problem
    if not isinstance(body, dict):
        raise EventAtFaultError("not_an_object")
    return body


def _state(rule: _Rule, body: Body) -> Sequence[_Said]:
    record = record_from_body(rule.kind, body)
    return (_Said(id=record.id, change=_change(record), record=record),)


def _change(record: Record) -> Change:
    """A record is a state if it is whole: dated, with all parts, nothing left to a read."""
    parts = CATALOGUE[record.kind].parts
    is_whole = (
        isinstance(record.fields.get("updated_at"), datetime)
        and (parts is None or parts.name in record.complete_parts)
        and _DECIDED_BY.get(record.kind, "updated_at") in record.fields
    )
    return Change.STATE if is_whole else Change.HINT


def _hydrated_later(rule: _Rule, body: Body) -> Sequence[_Said]:
    """A customer's body lacks tags, consents and totals: a hint with what it has.

    https://shopify.dev/changelog/new-customer-s-webhook-and-changes-to-existing-customer-s-webhooks-payload
    """
    record = record_from_body(rule.kind, body)
    return (_Said(id=record.id, record=record),)


def _hint(rule: _Rule, body: Body) -> Sequence[_Said]:
    return (_Said(id=_id_at(rule, body)),)


def _deletion(rule: _Rule, body: Body) -> Sequence[_Said]:
    return (_Said(id=id_of(rule.kind, body), claims_deletion=True),)


def _merge(_: _Rule, body: Body) -> Sequence[_Said]:
    kept = _id_in(body.get("admin_graphql_api_customer_kept_id"))
    deleted = _id_in(body.get("admin_graphql_api_customer_deleted_id"))
    return (_Said(id=kept), _Said(id=deleted, claims_deletion=True))


def _id_at(rule: _Rule, body: Body) -> str:
    inner: Any = body
    for name in rule.id_at:
        inner = inner.get(name) if isinstance(inner, dict) else None
    return _id_in(inner)


def _id_in(value: Any) -> str:
    if value is None:
        raise EventAtFaultError("missing_id")
    try:
        return id_in(value)
    except ABSURD as problem:
        raise EventAtFaultError("absurd_id") from problem


# Without these a body is not enough, whatever else it has: a refund in the buyer's currency.
_DECIDED_BY: Final[Mapping[str, str]] = MappingProxyType({ObjectType.ORDERS: "total_refunded"})


def _table(rows: Iterable[tuple[_Rule, str]]) -> Mapping[str, _Rule]:
    return MappingProxyType({topic: rule for rule, topics in rows for topic in topics.split()})


_CUSTOMERS, _PRODUCTS = ObjectType.CUSTOMERS, ObjectType.PRODUCTS
_ORDERS, _CHECKOUTS = ObjectType.ORDERS, ObjectType.CHECKOUTS

_RULES: Final = _table(
    (
        (
            _Rule(kind=_CUSTOMERS, read=_hydrated_later),
            "customers/create customers/update customers/enable customers/disable",
        ),
        (_Rule(kind=_CUSTOMERS, read=_deletion), "customers/delete"),
        (_Rule(kind=_CUSTOMERS, read=_merge), "customers/merge"),
        (
            _Rule(kind=_CUSTOMERS, read=_hint, id_at=("customerId",)),
            "customers/purchasing_summary customer.tags_added customer.tags_removed",
        ),
        (
            _Rule(kind=_CUSTOMERS, read=_hint, id_at=("customer_id",)),
            "customers_email_marketing_consent/update customers_whats_app_marketing_consent/update",
        ),
        (
            _Rule(kind=_CUSTOMERS, read=_hint, id_at=("id",)),
            "customers_marketing_consent/update",
        ),
        (_Rule(kind=_PRODUCTS, read=_state), "products/create products/update"),
        (_Rule(kind=_PRODUCTS, read=_deletion), "products/delete"),
        (
            _Rule(kind=_ORDERS, read=_state),
            "orders/create orders/updated orders/paid orders/fulfilled orders/partially_fulfilled",
        ),
        (
            _Rule(kind=_ORDERS, read=_state),
            "orders/cancelled orders/link_requested",
        ),
        (_Rule(kind=_ORDERS, read=_deletion), "orders/delete"),
        (_Rule(kind=_ORDERS, read=_hint, id_at=("order_edit", "order_id")), "orders/edited"),
        (
            _Rule(kind=_ORDERS, read=_hint, id_at=("order_id",)),
            "refunds/create order_transactions/create fulfillments/create fulfillments/update",
        ),
        (_Rule(kind=_CHECKOUTS, read=_state), "checkouts/create checkouts/update"),
        (_Rule(kind=_CHECKOUTS, read=_deletion), "checkouts/delete"),
    )
)

TOPICS_READ: Final = frozenset(_RULES)
"""The webhook topics that speak of our sources."""
