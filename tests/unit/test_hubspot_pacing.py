from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.shared.hubspot.governor import Governor
from services.shared.hubspot.pacing import (
    JITTER_SECONDS,
    Correction,
    Granted,
    Lane,
    NotYet,
    Schedule,
    corrected,
    correction_for,
    drawn,
    drawn_together,
    seconds_until_midnight,
    spacing,
)
from services.shared.hubspot.rates import Policy, RateFacts
from tests.support.memory_quota import MemoryQuota
from tests.support.virtual_time import in_virtual_time

LANES = st.sampled_from(Lane)


def _most_in_any_ten_seconds(moments: list[float]) -> int:
    moments = sorted(moments)
    most, start = 0, 0
    for end, moment in enumerate(moments):
        while moments[start] <= moment - 10.0:
            start += 1
        most = max(most, end - start + 1)
    return most


@settings(max_examples=200)
@given(
    st.integers(2, 250),
    st.lists(
        st.tuples(st.floats(0, 2), LANES, st.floats(0, JITTER_SECONDS)), min_size=1, max_size=400
    ),
)
def test_whoever_draws_whenever_no_ten_seconds_see_more_calls_than_the_limit(
    limit: int, draws: list[tuple[float, Lane, float]]
) -> None:
    schedule, now, sent = Schedule(limit=limit), 0.0, []
    for gap, lane, jitter in draws:
        now += gap * spacing(limit)
        schedule, verdict = drawn(schedule, lane, now)
        if isinstance(verdict, Granted):
            sent.append(now + verdict.delay_seconds + jitter)

    assert _most_in_any_ten_seconds(sent) <= limit


@pytest.mark.parametrize("limit", [100, 190, 250])
def test_the_spacing_uses_at_least_95_percent_of_the_limit(limit: int) -> None:
    assert 10 / spacing(limit) >= 0.95 * limit


@given(st.integers(2, 250), st.floats(0, 5), st.lists(LANES, max_size=100))
def test_a_draw_that_is_put_off_succeeds_when_it_is_told_to_come_again(
    limit: int, ahead: float, before: list[Lane]
) -> None:
    schedule = Schedule(limit=limit, next_slot=ahead)
    for lane in before:
        schedule, _ = drawn(schedule, lane, 0.0)
    for lane in Lane:
        _, verdict = drawn(schedule, lane, 0.0)
        if isinstance(verdict, NotYet):
            _, later = drawn(schedule, lane, verdict.seconds + 1e-6)
            assert isinstance(later, Granted)


@given(st.integers(10, 250), st.lists(st.floats(0, 1), min_size=300, max_size=600))
def test_live_at_full_speed_leaves_backfill_its_share(limit: int, gaps: list[float]) -> None:
    schedule, now, backfill = Schedule(limit=limit), 0.0, 0
    for gap in gaps:
        now += gap * spacing(limit)
        while isinstance((drawing := drawn(schedule, Lane.LIVE, now))[1], Granted):
            schedule = drawing[0]
        schedule, verdict = drawn(schedule, Lane.BACKFILL, now)
        backfill += isinstance(verdict, Granted)

    due = now / (spacing(limit) * 20)
    assert backfill >= int(due * 0.9)


def test_backfill_stays_near_the_present_so_that_live_finds_a_slot() -> None:
    schedule = Schedule(limit=100)
    for _ in range(500):
        schedule, _ = drawn(schedule, Lane.BACKFILL, 0.0)

    _, verdict = drawn(schedule, Lane.LIVE, 0.0)

    assert isinstance(verdict, Granted)
    assert verdict.delay_seconds < 0.7


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100), st.none() | st.integers(2, 500))
def test_a_correction_never_brings_a_slot_nearer(
    slot: float, pause: float, delay: float, limit: int | None
) -> None:
    learned = Correction(limit=limit, pause_seconds=pause, delay_seconds=delay)

    after = corrected(Schedule(next_slot=slot), learned, 50.0)

    assert after.next_slot >= slot
    assert after.next_slot >= 50.0 + pause or not pause


def test_answers_that_agree_teach_nothing_and_others_the_limit_or_a_pause() -> None:
    assert correction_for(RateFacts(limit=100, remaining=3), 100) is None
    assert correction_for(RateFacts(limit=190, remaining=180), 100) == Correction(limit=190)
    crowded = correction_for(RateFacts(limit=190, remaining=0), 190)
    assert crowded is not None
    assert 0 < crowded.delay_seconds < 1
    assert correction_for(RateFacts(refused=Policy.TEN_SECONDLY), 100) == Correction(
        pause_seconds=10.0
    )
    assert correction_for(RateFacts(refused=Policy.SECONDLY), 100) == Correction(pause_seconds=1.0)
    for spent in (RateFacts(refused=Policy.DAILY), RateFacts(daily_remaining=0)):
        for left, pause in ((600.0, 600.0), (3600.0, 900.0), (None, 900.0)):
            learned = Correction(pause_seconds=pause, is_day_spent=True)
            assert correction_for(spent, 100, left) == learned


def test_the_day_ends_at_midnight_in_the_account_s_time_zone() -> None:
    now = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)

    assert seconds_until_midnight(now, "US/Eastern") == 1.5 * 3600
    assert seconds_until_midnight(now, "Mars/Olympus") is None


def test_waiting_callers_are_served_at_the_spacing_live_first() -> None:
    served: list[tuple[Lane, float]] = []

    async def main() -> None:
        governor = Governor(MemoryQuota(limit=100))

        async def call(lane: Lane) -> None:
            await governor.acquire(lane)
            served.append((lane, asyncio.get_running_loop().time()))

        async with asyncio.TaskGroup() as group:
            for lane in [Lane.BACKFILL] * 100 + [Lane.LIVE] * 100:
                group.create_task(call(lane))

    in_virtual_time(main())

    times = [at for _, at in served]
    assert _most_in_any_ten_seconds(times) <= 100
    assert times[-1] <= 200 * spacing(100) * 1.1
    first_half = [lane for lane, _ in served[:100]]
    assert first_half.count(Lane.LIVE) > 80


def test_those_who_come_together_are_granted_slots_by_one_draw() -> None:
    asked: list[int] = []
    sent: list[float] = []

    class Counting(MemoryQuota):
        async def draw(self, lane: Lane, most: int = 1) -> Sequence[Granted] | NotYet:
            asked.append(most)
            return await super().draw(lane, most)

    async def main() -> None:
        governor, quota = Governor(MemoryQuota()), Counting(limit=100)

        async def call() -> None:
            await governor.acquire(Lane.LIVE, quota)
            sent.append(asyncio.get_running_loop().time())

        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(call())

    in_virtual_time(main())

    assert asked == [4]
    gaps = [later - first for first, later in pairwise(sent)]
    assert gaps == pytest.approx([spacing(100)] * 3)


def test_who_gives_up_in_line_leaves_the_slot_to_those_behind() -> None:
    sent: list[float] = []

    async def main() -> None:
        governor = Governor(MemoryQuota(limit=100))

        async def call() -> None:
            await governor.acquire(Lane.LIVE)
            sent.append(asyncio.get_running_loop().time())

        calls = [asyncio.create_task(call()) for _ in range(3)]
        await asyncio.sleep(0)
        calls[1].cancel()
        await asyncio.wait(calls)
        await asyncio.sleep(60)
        await call()

    in_virtual_time(main())

    assert len(sent) == 3
    assert sent[2] >= 60


@given(
    schedule=st.builds(
        Schedule,
        next_slot=st.floats(0, 120),
        next_reserved=st.floats(0, 120),
        limit=st.integers(2, 250),
    ),
    lane=st.sampled_from(Lane),
    most=st.integers(1, 8),
)
def test_drawing_together_is_drawing_one_by_one(schedule: Schedule, lane: Lane, most: int) -> None:
    one_by_one, granted = schedule, []
    for _ in range(most):
        one_by_one, verdict = drawn(one_by_one, lane, 100.0)
        if isinstance(verdict, NotYet):
            break
        granted.append(verdict)

    after, found = drawn_together(schedule, lane, 100.0, most)

    assert after == one_by_one
    assert found == (granted or verdict)


def test_a_slot_reached_too_late_is_given_up_and_drawn_again() -> None:
    naps: list[float] = []

    async def oversleeping(seconds: float) -> None:
        naps.append(seconds)
        await asyncio.sleep(seconds + (1.0 if len(naps) == 1 else 0.0))

    async def main() -> None:
        await Governor(MemoryQuota(), sleep=oversleeping).acquire(Lane.LIVE)

    in_virtual_time(main())

    assert len(naps) == 2


def test_after_a_429_no_call_is_sent_for_ten_seconds_slots_in_hand_included() -> None:
    sent: list[float] = []

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        governor = Governor(MemoryQuota(limit=100))

        async def call() -> None:
            await governor.acquire(Lane.LIVE)
            sent.append(clock())

        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(call())
            await asyncio.sleep(0.5)
            await governor.observe(RateFacts(limit=100, refused=Policy.TEN_SECONDLY))

    in_virtual_time(main())

    assert len(sent) == 20
    assert not [at for at in sent if 0.5 < at < 10.5]
