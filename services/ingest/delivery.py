"""From a request's headers and body to an event, or to the reason why not. Pure.

Step by step, so that a stranger's body is never waited for: :func:`claim_in` looks at the headers
alone, :func:`is_proven` and then :func:`event_for` at the body once it is there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

import msgspec

from services.ingest.outcomes import Outcome
from services.ingest.stores import KnownStores
from services.shared.contract import topics
from services.shared.contract.events import Change, NewEvent, Origin, Provenance, headers_of
from services.shared.shopify.ids import record_id_in
from services.shared.shopify.signature import SIGNATURE_CHARACTERS, digest_in, is_signed

# Both families: webhooks as they are, and the "Events" to come.
# https://shopify.dev/docs/apps/build/webhooks/delivery-structure
_FAMILIES = (b"x-shopify-", b"shopify-")
_SIGNATURE, _SHOP, _TOPIC = "hmac-sha256", "shop-domain", "topic"
_API_VERSION, _WEBHOOK_ID = "api-version", "webhook-id"
_EVENT_ID, _TRIGGERED_AT, _TRACEPARENT = "event-id", "triggered-at", "traceparent"
_OWN = (_WEBHOOK_ID, _EVENT_ID, _TRIGGERED_AT)  # of each delivery, and not of its topic
_FIELDS: Mapping[bytes, str] = MappingProxyType(
    {
        family + name.encode(): name
        for family in _FAMILIES
        for name in (
            _SIGNATURE,
            _SHOP,
            _TOPIC,
            _API_VERSION,
            _WEBHOOK_ID,
            _EVENT_ID,
            _TRIGGERED_AT,
        )
    }
    | {b"traceparent": _TRACEPARENT}
)

_field_of = _FIELDS.get  # bound once: it is asked for each header

# Bodies that are the whole record, with its ``updated_at``. All others only say that it may have
# changed. https://shopify.dev/docs/api/webhooks
_STATES = frozenset(
    {
        *(f"customers/{change}" for change in ("create", "update", "enable", "disable")),
        *(f"products/{change}" for change in ("create", "update")),
        *(f"orders/{change}" for change in ("create", "updated", "paid", "cancelled")),
        *(f"orders/{change}" for change in ("fulfilled", "partially_fulfilled", "link_requested")),
        *(f"checkouts/{change}" for change in ("create", "update")),
    }
)

_LONGEST_HEADER = 200
_DELIVERY_ID = re.compile(r"[\w.-]{1,128}", re.ASCII)
_TRACE = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


# Made for each delivery, and so not frozen: that makes setting a field three times as dear.
@dataclass(slots=True, kw_only=True)
class Claim:
    """What the headers say, about a store we know; none of it is proven yet."""

    shop: str
    digest: bytes = field(repr=False)
    secrets: Sequence[bytes] = field(repr=False)
    told: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing to append."""

    outcome: Outcome


class Accepted(msgspec.Struct, kw_only=True):
    """Signed by the store; to be appended before anybody is told."""

    outcome: Outcome
    event: NewEvent


def claim_in(headers: Iterable[tuple[bytes, bytes]], stores: KnownStores) -> Claim | Refused:
    """What the headers (names in lower case, as ASGI gives them) claim, if it can be checked."""
    told, doubled = _told_in(headers)
    if not stores.are_loaded:
        return Refused(outcome=Outcome.STORES_NOT_LOADED)
    shop = told.get(_SHOP, b"").decode("latin-1").lower()
    secrets = stores.secrets_of(shop)
    if not secrets or _SHOP in doubled:
        return Refused(outcome=Outcome.UNKNOWN_STORE)
    digest = _digest(told.get(_SIGNATURE), doubled=_SIGNATURE in doubled)
    if isinstance(digest, Outcome):
        return Refused(outcome=digest)
    for each in doubled:  # nothing says which of the two is meant
        del told[each]
    return Claim(shop=shop, digest=digest, secrets=secrets, told=told)


def _told_in(headers: Iterable[tuple[bytes, bytes]]) -> tuple[dict[str, bytes], Sequence[str]]:
    """What the headers of both families say, and what they say more than once."""
    told: dict[str, bytes] = {}
    doubled: tuple[str, ...] = ()
    for name, value in headers:
        known = _field_of(name)
        if known:
            if known in told and known not in doubled:
                doubled = (*doubled, known)
            told[known] = value
    return told, doubled


def is_proven(claim: Claim, body: bytes) -> bool:
    """Whether the store has signed ``body``."""
    return is_signed(body, claim.digest, claim.secrets)


def event_for(claim: Claim, body: bytes, received_at: datetime) -> Accepted:
    """The event of a proven claim: unreadable or of an unknown topic, it is kept."""
    told = claim.told
    route = _route(claim.shop, told.get(_TOPIC, b""), told.get(_API_VERSION, b""))
    record_id = record_id_in(route.shopify_topic, body)
    event = NewEvent(
        topic=route.topic,
        key=route.key_prefix + (record_id or _delivery_id(claim, body)),
        value=body,
        headers=_with_its_own(route.headers, told, received_at),
    )
    return Accepted(outcome=_accepted_as(route.topic, record_id), event=event)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """What all deliveries of one store, topic and version have in common."""

    topic: str
    shopify_topic: str
    key_prefix: str
    headers: dict[str, str]


@lru_cache(maxsize=4096)  # signed deliveries only, yet these two headers of theirs are not
def _route(shop: str, told_topic: bytes, told_version: bytes) -> _Route:
    shopify_topic = _plain(told_topic)
    topic = topics.topic_for(shopify_topic)
    provenance = Provenance(
        shop=shop,
        origin=Origin.WEBHOOK,
        change=Change.STATE if shopify_topic in _STATES else Change.HINT,
        shopify_topic=shopify_topic,
        api_version=_plain(told_version),
    )
    return _Route(
        topic=topic,
        shopify_topic=shopify_topic,
        key_prefix=f"{shop}/{topic.removeprefix('shopify.')}/",
        headers=headers_of(provenance),
    )


def _with_its_own(
    common: Mapping[str, str], told: Mapping[str, bytes], received_at: datetime
) -> dict[str, str]:
    headers = {**common, "received-at": _written(received_at)}
    for name in _OWN:
        if name in told and (text := _plain(told[name])):
            headers[name] = text
    if _TRACEPARENT in told and _TRACE.fullmatch(told[_TRACEPARENT]):
        headers[_TRACEPARENT] = told[_TRACEPARENT].decode()
    return headers


@lru_cache(maxsize=1)  # deliveries that come together have one moment
def _written(moment: datetime) -> str:
    return moment.isoformat()


def _digest(claimed: bytes | None, *, doubled: bool) -> bytes | Outcome:
    if claimed is None:
        return Outcome.NO_SIGNATURE
    if doubled:
        return Outcome.DOUBLED_SIGNATURE
    return digest_in(claimed) or _what_is_wrong_with(claimed)


def _what_is_wrong_with(signature: bytes) -> Outcome:
    if not signature:
        return Outcome.EMPTY_SIGNATURE
    if not signature.isascii():
        return Outcome.NON_ASCII_SIGNATURE
    right_length = len(signature) == SIGNATURE_CHARACTERS
    return Outcome.MALFORMED_SIGNATURE if right_length else Outcome.WRONG_LENGTH_SIGNATURE


def _accepted_as(topic: str, record_id: str) -> Outcome:
    if topic == topics.UNKNOWN:
        return Outcome.ACCEPTED_UNKNOWN_TOPIC
    return Outcome.ACCEPTED if record_id else Outcome.ACCEPTED_UNREADABLE


def _plain(value: bytes) -> str:
    """A header as text, or nothing: they are unsigned, so what is no short plain text is left."""
    if len(value) > _LONGEST_HEADER or not value.isascii():
        return ""
    text = value.decode()
    return text if text.isprintable() else ""


def _delivery_id(claim: Claim, body: bytes) -> str:
    """The delivery's id where there is one, else the body's digest: the same for each retry."""
    given = _plain(claim.told.get(_WEBHOOK_ID, b""))
    return given if _DELIVERY_ID.fullmatch(given) else hashlib.sha256(body).hexdigest()
