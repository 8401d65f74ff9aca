"""Whether a run ended well: what was recorded against what both vendors, log and ledger hold."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Row

from sandbox.expected.comparison import compare
from sandbox.expected.verdict import Difference, Settings
from sandbox.hubspot.backstage import dump
from sandbox.shopify.delivery import Delivery
from sandbox.shopify.model import written
from services.cli.places import Places
from services.shared.contract.events import Event
from services.shared.contract.topics import CONSUMED_TOPICS, DEAD_TOPICS, SYNCER_GROUP, UNKNOWN
from services.shared.ledger.engine import Ledger, opened, statement
from services.shared.log.opening import opened as opened_log
from services.shared.log.port import Log
from tests.chaos.world import World
from tests.simulation.judging import unaccounted, untrue
from tests.support.installation import ABANDONED_AFTER

_SOURCES = statement(
    """SELECT shop, kind, id, status, reason, detail, target_id, updated_at, deleted_at, wanted,
    settled FROM sources ORDER BY shop, kind, id"""
)
_LINKS = statement(
    """SELECT shop, from_kind, from_id, to_kind, to_id, state FROM links
    WHERE state <> 'done' ORDER BY shop, from_kind, from_id, to_kind, to_id"""
)
# One that ran out holds nobody up; the next who wants its key asks HubSpot first.
_CLAIMS = statement("SELECT key, owner FROM claims WHERE until > {now} ORDER BY key")
# HubSpot's own bookkeeping, which moves without anybody touching a record.
_BOOKKEEPING = ("hs_lastmodifieddate", "lastmodifieddate", "hs_updated_by_user_id")
_WHOLE_BODIES = {
    **dict.fromkeys(("customers/create", "customers/update"), "customers"),
    **dict.fromkeys(("products/create", "products/update"), "products"),
    **dict.fromkeys(("orders/create", "orders/updated", "orders/cancelled"), "orders"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A promise broken; ``shop`` and ``record`` (Shopify's id) where it is about one."""

    promise: str
    what: str
    shop: str = ""
    record: str = ""


@dataclass(slots=True, kw_only=True)
class Found:
    """What log and ledger hold: rows of ``sources``, what is open, events by topic."""

    sources: Sequence[Row[Any]] = ()
    left: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    keeps_events: bool = False

    @property
    def letters(self) -> list[Event]:
        """The dead letters."""
        return [each for each in self.events if each.position.partition.topic in DEAD_TOPICS]


async def looked_at(places: Places, since: datetime) -> Found:
    """Read log and ledger as they stand.

    Raises:
        SyncError: one of them does not answer.
    """
    found = Found(keeps_events=bool(places.log_url))
    async with opened(places.ledger) as ledger:
        await _read_ledger(ledger, found)
    async with opened_log(places.log) as log:
        await _read_log(log, since, found)
    return found


async def _read_ledger(ledger: Ledger, found: Found) -> None:
    async with ledger.transaction() as tx:
        found.sources = list(await tx.run(_SOURCES))
        open_ones = [*await tx.run(_LINKS), *await tx.run(_CLAIMS)]
    waiting = [
        each
        for each in found.sources
        if each.status in ("waiting", "failing") or each.wanted != each.settled
    ]
    found.left += [" ".join(map(str, row)) for row in (*waiting, *open_ones)]


async def _read_log(log: Log, since: datetime, found: Found) -> None:
    lag = await log.lag(SYNCER_GROUP)
    found.left += [
        f"{partition}: {each.events} events"
        for partition, each in lag.items()
        if partition.topic in CONSUMED_TOPICS and each.events
    ]
    # The embedded log dates events by its process's clock, which may be an hour off.
    since, until = since - timedelta(hours=2), datetime.now(UTC) + timedelta(hours=2)
    for topic in (*CONSUMED_TOPICS, *DEAD_TOPICS, UNKNOWN):
        found.events += [each async for each in log.between(topic, since, until)]


async def differences(world: World) -> list[Difference]:
    """What HubSpot shows otherwise than it must."""
    shops = {
        shop: orjson.loads(written(each.records())) for shop, each in world.shopify.stores.items()
    }
    hubspot = orjson.loads(orjson.dumps(dump(world.hubspot)))
    settings = Settings(
        now=datetime.now(UTC),
        abandoned_after=timedelta(seconds=ABANDONED_AFTER),
        currencies=frozenset({"EUR", "USD", "GBP"}),
    )
    verdict = await asyncio.to_thread(compare, shops, hubspot, settings)
    return list(verdict.differences)


def unexcused(found: Sequence[Difference], world: World) -> list[Difference]:
    """Those not explained by a webhook Shopify itself gave up or lost, which nothing else tells."""
    lost = {
        (each.message.shop, number_of(each))
        for each in world.deliveries.recent
        if not _is_acknowledged(each)
    }
    return [
        each
        for each in found
        if (each.shop, each.id.rpartition("/")[2]) not in lost or "doubled" in each.problem
    ]


def violations(world: World, found: Found, left: Sequence[Difference]) -> list[Violation]:
    """Every promise that is broken. Pure."""
    return [
        *(_of(each) for each in left),
        *(Violation(promise="everything is settled", what=each) for each in found.left),
        *_ledger(world, found),
        *_acknowledged(world, found),
        *_dead(world, found),
        *_doubled_links(world),
        *_touched(world),
    ]


def _of(difference: Difference) -> Violation:
    shop, _, number = difference.id.rpartition("/")
    said = f"{difference.problem} {difference.kind} {difference.property}".strip()
    return Violation(
        promise="every change is reflected or superseded, and nothing is doubled",
        what=f"{said}: expected {difference.expected!r}, found {difference.found!r}",
        shop=difference.shop or shop,
        record=number,
    )


def _ledger(world: World, found: Found) -> list[Violation]:
    known = {(row.shop, row.kind, row.id) for row in found.sources}
    wrong = unaccounted(world.shopify, known) + untrue(world.hubspot, found.sources)
    return [Violation(promise="the ledger says what is", what=each) for each in wrong]


def _acknowledged(world: World, found: Found) -> list[Violation]:
    """Each webhook taken with a 2xx is on the log, and its version reached or passed."""
    rows = {(row.shop, row.kind, row.id): row for row in found.sources}
    on_log = {each.headers.get("webhook-id") for each in found.events}
    wrong: list[Violation] = []
    for delivery in filter(_is_acknowledged, world.deliveries.recent):
        message = delivery.message
        told = {"shop": message.shop, "record": number_of(delivery)}
        if found.keeps_events and message.webhook_id not in on_log:
            said = f"{message.topic} {message.webhook_id} is not on the log"
            wrong.append(Violation(promise="a 2xx means it is durable", what=said, **told))
        kind = _WHOLE_BODIES.get(message.topic)
        if kind is None:
            continue
        row = rows.get((message.shop, kind, number_of(delivery)))
        if row is None or not _has_reached(row, message.body):
            said = f"{message.topic} {message.webhook_id}: the ledger has an older version"
            wrong.append(Violation(promise="no older state over a newer", what=said, **told))
    return wrong


def _has_reached(row: Row[Any], body: bytes) -> bool:
    if row.status in ("deleted", "excluded") or row.deleted_at:
        return True
    told = json.loads(body).get("updated_at")
    at = datetime.fromisoformat(told).timestamp() * 1000
    return row.updated_at is not None and int(row.updated_at) >= int(at)


def _dead(world: World, found: Found) -> list[Violation]:
    """Each poisonous event is dead-lettered, for one reason at each place; nothing else is."""
    promise = "every event is accounted for exactly once"
    letters = {each.headers.get("webhook-id", "") for each in found.letters}
    # One that a crash left twice is one, by the place where its event stood.
    places: dict[tuple[str | None, str | None], set[tuple[str | None, str | None]]] = {}
    for each in found.letters:
        stood = (each.headers.get("dead-topic"), each.headers.get("dead-position"))
        told = (each.headers.get("webhook-id"), each.headers.get("dead-reason"))
        places.setdefault(stood, set()).add(told)
    wrong = [
        Violation(promise=promise, what=f"poison {each} is no dead letter")
        for each in world.poison
        if each not in letters
    ]
    wrong += [
        Violation(promise=promise, what=f"webhook {each} is a dead letter")
        for each in letters
        if each not in world.offered
    ]
    wrong += [
        Violation(promise=promise, what=f"{place} is dead-lettered as {sorted(map(str, told))}")
        for place, told in places.items()
        if len(told) > 1
    ]
    return wrong


def _doubled_links(world: World) -> list[Violation]:
    seen = Counter(
        (each["from_type"], each["from_id"], each["to_type"], each["to_id"], each["type_id"])
        for each in dump(world.hubspot)["associations"]
    )
    promise = "no association is doubled"
    return [
        Violation(promise=promise, what=f"{each}: {count} times")
        for each, count in seen.items()
        if count > 1
    ]


def _touched(world: World) -> list[Violation]:
    """What people made in HubSpot is as they made it."""
    promise = "nothing people made is touched"
    wrong: list[Violation] = []
    for (object_type, record_id), before in world.planted.items():
        record = world.hubspot.records[object_type].by_id.get(record_id)
        if record is None or record.archived:
            wrong.append(Violation(promise=promise, what=f"{object_type} {record_id} is gone"))
            continue
        changed = sorted(
            name
            for name in before.keys() | record.properties.keys()
            if before.get(name) != record.properties.get(name) and name not in _BOOKKEEPING
        )
        if changed:
            said = f"{object_type} {record_id}: {', '.join(changed)}"
            wrong.append(Violation(promise=promise, what=said))
    return wrong


def number_of(delivery: Delivery) -> str:
    """Shopify's id of the record a delivery is about, without the words around it."""
    return delivery.message.record_id.rpartition("/")[2]


def _is_acknowledged(delivery: Delivery) -> bool:
    return any(each.succeeded for each in delivery.attempts)
