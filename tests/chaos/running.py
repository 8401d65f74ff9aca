"""One run: a history under fire, then calm, then the verdict."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from services.shared.contract.errors import SyncError
from tests.chaos.checking import (
    Found,
    Violation,
    differences,
    looked_at,
    number_of,
    unexcused,
    violations,
)
from tests.chaos.nemesis import Nemesis
from tests.chaos.plan import Plan
from tests.chaos.stage import Stage, set_up
from tests.chaos.world import World, world_of

_FIRST_SECONDS = 300.0
# The promise is ten minutes; here scans come every five seconds, and lists show changes at once.
_SETTLE_SECONDS = 420.0
_LOOK_SECONDS = 2.0
_AGAIN_SECONDS = 10.0
_TOLD = 40

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did and what it found, as it is written down."""

    seed: int
    engines: str
    seconds: float
    acts: dict[str, int]
    deeds: Sequence[dict[str, Any]]
    changes: int
    deliveries: dict[str, int]
    calls: int
    settled_seconds: float
    deaths: Sequence[dict[str, Any]]
    violations: Sequence[dict[str, Any]]


async def lived(plan: Plan, say: Say, keep: Path | None = None) -> Report:
    """Live a plan to its end; what the processes said is copied to ``keep``, if given."""
    with tempfile.TemporaryDirectory(prefix="shopsync-chaos-") as name:
        folder = keep or Path(name)
        async with world_of(plan.seed) as world, set_up(plan.engines, folder, world) as stage:
            since = datetime.now(UTC) - timedelta(minutes=1)
            say("initial sync …")
            await _settled(stage, since, _FIRST_SECONDS)
            world.plant()
            say(f"under fire for {plan.seconds:g} s …")
            await _under_fire(stage, plan)
            say("calm; settling …")
            loop = asyncio.get_running_loop()
            calm = loop.time()
            wrong = await _judged(stage, since, say)
            return _reported(plan, stage, wrong, loop.time() - calm)


async def _under_fire(stage: Stage, plan: Plan) -> None:
    world = stage.world
    world.recording.note("begin")
    world.deliveries.faults.update(plan.deliveries)
    is_lossy = plan.deliveries["drop"] > 0
    doing = [
        asyncio.create_task(world.change(plan.rate, is_lossy=is_lossy)),
        asyncio.create_task(world.send_poison(stage.webhook_url)),
    ]
    try:
        await Nemesis(stage, plan).run()
    finally:
        for each in doing:
            each.cancel()
        ended = await asyncio.gather(*doing, return_exceptions=True)
    for problem in ended:
        if isinstance(problem, Exception):
            raise problem
    calm = {"duplicate": 0.0, "delay": 0.0, "reorder_seconds": 0.0, "drop": 0.0}
    world.deliveries.faults.update(calm | {"truncate": 0.0, "wrong_secret": 0.0})
    world.recording.note("calm")


async def _settled(stage: Stage, since: datetime, seconds: float) -> Found:
    """Log and ledger once nothing is left to do, or after ``seconds``."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    found = Found(left=["nothing looked at"])
    while found.left and loop.time() < deadline:
        await asyncio.sleep(_LOOK_SECONDS)
        # In the beginning its tables are not made yet.
        with suppress(SyncError, asyncpg.UndefinedTableError):
            found = await looked_at(stage.places, since)
            if not found.sources:
                found.left.append("nothing synced yet")
    return found


async def _judged(stage: Stage, since: datetime, say: Say) -> list[Violation]:
    """What is wrong once all has settled and arrived, or when that has taken too long."""
    world, loop = stage.world, asyncio.get_running_loop()
    deadline = loop.time() + _SETTLE_SECONDS
    while True:
        found = await _settled(stage, since, deadline - loop.time())
        wrong = violations(world, found, unexcused(await differences(world), world))
        under_way = sum(each.outcome == "pending" for each in world.deliveries.recent)
        if not (wrong or under_way) or loop.time() > deadline:
            return wrong
        first = f" ({wrong[0].what})" if wrong else ""
        say(f"  {len(wrong)} things to come right{first}, {under_way} deliveries under way")
        await asyncio.sleep(_AGAIN_SECONDS)


def _reported(
    plan: Plan, stage: Stage, wrong: Sequence[Violation], settled_seconds: float
) -> Report:
    world = stage.world
    deeds = [each for each in world.recording.deeds if "planned" in each]
    bugs = [each for each in stage.fleet.deaths if "Traceback" in each.said]
    wrong = [
        *wrong,
        *(Violation(promise="no process dies of a bug", what=each.said) for each in bugs),
    ]
    return Report(
        seed=plan.seed,
        engines=plan.engines,
        seconds=plan.seconds,
        acts=dict(sorted(Counter(each["deed"] for each in deeds).items())),
        deeds=world.recording.deeds,
        changes=len(world.recording.changes),
        deliveries=dict(Counter(each.outcome for each in world.deliveries.recent)),
        calls=len(world.recording.calls),
        settled_seconds=round(settled_seconds, 1),
        deaths=[asdict(each) for each in stage.fleet.deaths],
        violations=[_with_history(world, each) for each in wrong],
    )


def _with_history(world: World, violation: Violation) -> dict[str, Any]:
    told: dict[str, Any] = asdict(violation)
    if not violation.record:
        return told
    words = {"key": f"{violation.shop}/{violation.record}"}
    for records in world.hubspot.records.values():
        for each in records.by_id.values():
            if each.properties.get("shopify_sync_key") == words["key"]:
                words["id"] = each.id
    history = world.recording.about(violation.shop, violation.record, words)
    deliveries = [
        {
            "topic": each.message.topic,
            "webhook_id": each.message.webhook_id,
            "outcome": each.outcome,
            "attempts": [
                [str(one.at.time()), one.status if one.status is not None else one.problem]
                for one in each.attempts
            ],
        }
        for each in world.deliveries.recent
        if each.message.shop == violation.shop and number_of(each) == violation.record
    ]
    return told | {"history": history | {"deliveries": deliveries[-_TOLD:]}}
