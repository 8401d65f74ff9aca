"""What stands on the log: events, their places, and their headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from services.shared.contract.errors import EventAtFaultError

FORMAT = "1"


class Origin(StrEnum):
    """How an event came about."""

    WEBHOOK = "webhook"
    RECONCILE = "reconcile"
    BACKFILL = "backfill"
    REPLAY = "replay"


class Change(StrEnum):
    """Whether the event carries a record's body, or only says that a record may have changed."""

    STATE = "state"
    HINT = "hint"


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event to be appended.

    ``key`` is ``<shop>/<kind>/<id>`` of the record it belongs to; ``value`` is the webhook's body
    untouched, or a GraphQL node as JSON. An empty body is appended as the empty byte string, never
    as no value, which Kafka would take for a tombstone.
    """

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, str]


class Partition(msgspec.Struct, frozen=True, order=True):
    """One ordered part of a topic."""

    topic: str
    number: int


class Position(msgspec.Struct, frozen=True, order=True):
    """One event's place. ``offset`` counts from 0 and grows, possibly with gaps."""

    partition: Partition
    offset: int


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as read from the log, with its place and when the log took it."""

    position: Position
    key: str
    value: bytes
    headers: Mapping[str, str]
    appended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An incident: the log no longer has what a group had not settled, from ``expected`` on.

    Reading goes on at ``found``, the earliest there is.
    """

    partition: Partition
    expected: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one poll brought: events in order of offset within each partition.

    ``gained`` and ``lost`` are the partitions whose ownership changed since the poll before. A
    partition with one of the ``gaps`` has no events in the same batch.
    """

    events: Sequence[Event] = ()
    gained: frozenset[Partition] = field(default_factory=frozenset)
    lost: frozenset[Partition] = field(default_factory=frozenset)
    gaps: Sequence[Gap] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far a group is behind on one partition, and since when."""

    events: int
    oldest_appended_at: datetime | None


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What the headers of an event say of it. Everything a webhook's headers say is unsigned."""

    shop: str
    origin: Origin
    change: Change
    shopify_topic: str = ""
    api_version: str = ""
    webhook_id: str = ""
    event_id: str = ""
    triggered_at: str = ""
    received_at: datetime | None = None
    observed_at: datetime | None = None
    traceparent: str = ""


def headers_of(provenance: Provenance) -> dict[str, str]:
    """The headers to write for ``provenance``; empty facts are left out."""
    written = {
        "format": FORMAT,
        "shop": provenance.shop,
        "origin": provenance.origin.value,
        "change": provenance.change.value,
        "shopify-topic": provenance.shopify_topic,
        "shopify-api-version": provenance.api_version,
        "webhook-id": provenance.webhook_id,
        "event-id": provenance.event_id,
        "triggered-at": provenance.triggered_at,
        "received-at": _written(provenance.received_at),
        "observed-at": _written(provenance.observed_at),
        "traceparent": provenance.traceparent,
    }
    return {name: value for name, value in written.items() if value}


def provenance_in(headers: Mapping[str, str]) -> Provenance:
    """The facts in an event's headers.

    Raises:
        EventAtFaultError: a header we rely on is missing or is not what it should be.
    """
    try:
        return Provenance(
            shop=headers["shop"],
            origin=Origin(headers["origin"]),
            change=Change(headers["change"]),
            shopify_topic=headers.get("shopify-topic", ""),
            api_version=headers.get("shopify-api-version", ""),
            webhook_id=headers.get("webhook-id", ""),
            event_id=headers.get("event-id", ""),
            triggered_at=headers.get("triggered-at", ""),
            received_at=_read(headers.get("received-at", "")),
            observed_at=_read(headers.get("observed-at", "")),
            traceparent=headers.get("traceparent", ""),
        )
    except (KeyError, ValueError) as problem:
        raise EventAtFaultError("bad_headers") from problem


def is_newer_format(headers: Mapping[str, str]) -> bool:
    """Whether only a newer version of this program can read the event; it is kept waiting."""
    said = headers.get("format", FORMAT)
    return said.isascii() and said.isdigit() and int(said[:9]) > int(FORMAT)


def _written(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def _read(text: str) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment
