"""A syncer stands still past its session with writes in flight; another has written newer states.

Real processes on a real broker and a real database. The stalled one is woken, or killed before or
after it settles; what it wrote late must not stay in HubSpot either way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from sandbox.hubspot.faults import Fault
from sandbox.shopify import actions, given
from sandbox.shopify.store import Store
from services.shared.contract.errors import SyncError
from services.shared.ledger.engine import opened, statement
from services.syncer.knowing import CLAIM_MS
from services.syncer.settling import SUSPECT_MS
from tests.chaos.checking import Violation, differences, looked_at, violations
from tests.chaos.plan import Engines
from tests.chaos.stage import Stage, set_up
from tests.chaos.world import World, world_of
from tests.support.kafka.shared import need_a_broker
from tests.support.ledgers import aged
from tests.support.waiting import until

_STALLED, _NEW_OWNER = "syncer-1", "syncer-2"
_LOOK_SECONDS = 0.25
_CALM_SECONDS = 120.0
_OWNERS = statement("SELECT DISTINCT owner FROM claims")
_WANTED = statement("SELECT kind, wanted FROM sources WHERE id IN (:customer, :order)")


class End(StrEnum):
    """What becomes of the stalled one."""

    WOKEN = "woken"
    KILLED_BEFORE = "killed before it settles"
    KILLED_AFTER = "killed after it settled"


@dataclass(slots=True)
class Gate:
    """Where HubSpot lets a call stand before it carries it out; stands in for its ``sleep``."""

    waiting: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _seconds: float) -> None:
        self.waiting += 1
        await self.open.wait()


@dataclass(slots=True, kw_only=True)
class Story:
    """The stage, and the two records it is about."""

    stage: Stage
    gate: Gate
    store: Store
    customer: int
    order: int
    began: datetime

    @property
    def world(self) -> World:
        return self.stage.world

    def change(self, first_name: str, quantity: int) -> None:
        """Rename the customer; have so many of the order's last line, which is added if need be."""
        actions.change_customer(self.store, self.customer, first_name=first_name)
        lines = self.store.orders[self.order]["line_items"]
        if len(lines) == 1:
            (added,) = given.lines(self.store)
            actions.edit_order(self.store, self.order, add=[{**added, "quantity": quantity}])
        else:
            quantities = {str(lines[-1]["id"]): quantity}
            actions.edit_order(self.store, self.order, set_quantities=quantities)

    def shown(self) -> tuple[str, list[str]]:
        """The customer's name and the quantities of the last line's copies, as HubSpot has them."""
        records = self.world.hubspot.records
        email = self.store.customers[self.customer]["email"]
        (contact,) = (
            each.properties
            for each in records["contacts"].by_id.values()
            if each.properties.get("email") == email
        )
        key = f"{self.store.shop}/{self.store.orders[self.order]['line_items'][-1]['id']}"
        copies = [
            each.properties["quantity"]
            for each in records["line_items"].by_id.values()
            if each.properties.get("shopify_sync_key") == key and not each.archived
        ]
        return contact.get("firstname", ""), copies

    async def in_ledger(self, sql: Any, **values: Any) -> list[Any]:
        async with opened(self.stage.places.ledger) as ledger, ledger.transaction() as tx:
            return list(await tx.run(sql, **values))

    async def pass_time(self, milliseconds: int) -> None:
        """Let it pass for the ledger, whose clock decides on claims and suspicions."""
        async with opened(self.stage.places.ledger) as ledger, ledger.transaction() as tx:
            await aged(tx, milliseconds)

    async def wanted(self) -> Mapping[str, int]:
        """What was ever asked for of the two records: whoever finds its claim gone asks again."""
        ids = {"customer": str(self.customer), "order": str(self.order)}
        return {row.kind: row.wanted for row in await self.in_ledger(_WANTED, **ids)}

    async def violations(self) -> list[Violation]:
        """Every promise that is broken now."""
        try:
            found = await looked_at(self.stage.places, self.began)
        except SyncError as problem:
            return [Violation(promise="log and ledger answer", what=problem.reason)]
        return violations(self.world, found, await differences(self.world))

    async def last_violations(self) -> list[Violation]:
        """Those that are left when all is calm, or when that has taken too long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _CALM_SECONDS
        while True:
            left = await self.violations()
            if not left or loop.time() > deadline:
                return left
            await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def _told(folder: Path) -> AsyncIterator[Story]:
    """All is in sync, one syncer at work, and nobody scans for what it might lose."""
    names = ("ingest-1", "reconciler-1", _STALLED)
    async with (
        world_of(seed=5) as world,
        set_up(Engines.KAFKA, folder, world, names) as stage,
    ):
        store = next(iter(world.shopify.stores.values()))
        story = Story(
            stage=stage,
            gate=Gate(),
            store=store,
            customer=next(iter(store.customers)),
            order=given.order(store, lines=1)["id"],
            began=datetime.now(UTC) - timedelta(minutes=1),
        )
        await until(lambda: stage.fleet.members[_STALLED].pid)
        assert not await _first_sync(story)
        await stage.fleet.remove("reconciler-1")
        world.hubspot.sleep = story.gate
        yield story


async def _first_sync(story: Story) -> list[Violation]:
    """What is wrong when it should be over; the tables are not there from the first moment on."""
    orders = story.world.hubspot.records["orders"].by_id
    await until(lambda: len(orders) >= len(story.world.shopify.stores) + 1, _CALM_SECONDS)
    return await story.last_violations()


async def _stall(story: Story) -> None:
    """Stop the syncer once HubSpot has its calls and carries none of them out."""
    story.world.hubspot.faults += [
        Fault(kind="slow", path=path, applied=False, count=1)
        for path in ("*/contacts/batch/update", "*/line_items/batch/create")
    ]
    await _next_second()
    story.change("Older", 2)
    await until(lambda: story.gate.waiting == 2)
    member = story.stage.fleet.members[_STALLED]
    member.freeze()
    owners = {row.owner.partition("-")[0] for row in await story.in_ledger(_OWNERS)}
    assert owners == {str(member.pid)}, "it must hold its claims"


async def _next_second() -> None:
    # Shopify's versions have whole seconds.
    await asyncio.sleep(1.1)


async def _end(story: Story, how: End) -> None:
    member = story.stage.fleet.members[_STALLED]
    life, before = member.lives, await story.wanted()
    if how is End.KILLED_BEFORE:
        member.kill()
        return
    member.thaw()
    async with asyncio.timeout(60):
        while any(wanted <= before[kind] for kind, wanted in (await story.wanted()).items()):  # noqa: ASYNC110 - another process's doing
            await asyncio.sleep(_LOOK_SECONDS)
    if how is End.KILLED_AFTER:
        member.kill()
        await until(lambda: member.lives > life)


@pytest.mark.slow
@pytest.mark.xdist_group("many processes")
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("postgres")
@pytest.mark.parametrize("how", End)
async def test_what_a_stalled_syncer_writes_late_does_not_stay(tmp_path: Path, how: End) -> None:
    need_a_broker()
    async with _told(tmp_path) as story:
        await _stall(story)
        await _next_second()
        story.change("Newer", 5)
        story.stage.start(_NEW_OWNER)
        await story.pass_time(CLAIM_MS + 1_000)
        await until(lambda: story.shown() == ("Newer", ["5"]), _CALM_SECONDS)

        story.gate.open.set()
        await until(lambda: story.shown() == ("Older", ["5", "2"]))
        await _end(story, how)
        await story.pass_time(SUSPECT_MS + 1_000)

        left = await story.last_violations()
        assert not left, left
        assert story.shown() == ("Newer", ["5"])
        assert not story.stage.fleet.deaths
