"""The arithmetic of the governor: an evenly spaced schedule of calls (GCRA). Pure.

All moments are seconds on the quota's own clock, which every process that draws shares.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.shared.hubspot.rates import PAUSE_SECONDS, WINDOW_SECONDS, Policy, RateFacts

# How late a call may reach HubSpot after its slot; a slot that is later at the socket is given up.
JITTER_SECONDS = 0.3
# Free and Starter; the first answer's headers say what the account really has.
DEFAULT_LIMIT = 100
RESERVED_SHARE = 0.05
# Less than this is rounding; waiting for it might not move a clock at all.
_LEAST_WAIT_SECONDS = 1e-6


class Lane(StrEnum):
    """Fresh before old: live calls go first when the quota is short."""

    LIVE = "live"
    BACKFILL = "backfill"


HORIZON_SECONDS = {Lane.LIVE: 3.0, Lane.BACKFILL: 0.3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A slot, ``delay_seconds`` after the draw was decided."""

    delay_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """No slot within the lane's horizon; ask again in ``seconds``.

    ``is_day_spent``: because the account's calls of the day are used up.
    """

    seconds: float
    is_day_spent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The account's row: when the next slot is free, when backfill's next reserved one is due.

    ``spent_until`` is how long the last pause of a spent day lasts.
    """

    next_slot: float = 0.0
    next_reserved: float = 0.0
    spent_until: float = 0.0
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What an answer teaches: the limit, a pause from now, or a delay of the next slot.

    ``is_day_spent``: the pause is one for the calls of the day.
    """

    limit: int | None = None
    pause_seconds: float = 0.0
    delay_seconds: float = 0.0
    is_day_spent: bool = False


def spacing(limit: int) -> float:
    """Seconds between slots so that no 10 s window sees more than ``limit`` calls.

    ``limit`` calls are ``limit - 1`` spacings apart: 10 s and the jitter.
    """
    return (WINDOW_SECONDS + JITTER_SECONDS) / max(limit - 1, 1)


def drawn(schedule: Schedule, lane: Lane, now: float) -> tuple[Schedule, Granted | NotYet]:
    """The schedule after a draw at ``now``, and what the caller got.

    Backfill draws near the present only, but once in twenty spacings whatever live holds.
    """
    slot = max(schedule.next_slot, now)
    step = spacing(schedule.limit)
    wait = _wait(schedule, lane, now)
    if wait > _LEAST_WAIT_SECONDS:
        return schedule, NotYet(seconds=wait, is_day_spent=now < schedule.spent_until)
    reserved = now + step / RESERVED_SHARE if lane is Lane.BACKFILL else schedule.next_reserved
    after = replace(schedule, next_slot=slot + step, next_reserved=reserved)
    return after, Granted(delay_seconds=slot - now)


def drawn_together(
    schedule: Schedule, lane: Lane, now: float, most: int
) -> tuple[Schedule, Sequence[Granted] | NotYet]:
    """The schedule after up to ``most`` draws at ``now``, and what they got.

    No more than are granted one after the other; ``NotYet`` where not even the first is.
    """
    granted: list[Granted] = []
    while len(granted) < most:
        schedule, verdict = drawn(schedule, lane, now)
        if isinstance(verdict, NotYet):
            return schedule, granted or verdict
        granted.append(verdict)
    return schedule, granted


def corrected(schedule: Schedule, correction: Correction, now: float) -> Schedule:
    """The schedule after ``correction`` at ``now``; it never moves a slot nearer."""
    slot = max(schedule.next_slot, now + correction.pause_seconds)
    if correction.delay_seconds:
        slot = max(slot, now) + correction.delay_seconds
    spent = now + correction.pause_seconds if correction.is_day_spent else 0.0
    return replace(
        schedule,
        next_slot=slot,
        spent_until=max(schedule.spent_until, spent),
        limit=correction.limit or schedule.limit,
    )


def correction_for(
    facts: RateFacts, limit: int, seconds_to_reset: float | None = None
) -> Correction | None:
    """What the schedule must learn from one answer, or None if it agrees with what we know.

    ``limit`` is what the schedule counts on; ``seconds_to_reset`` when the account's day ends. A
    day that is spent is waited for to its end, with a look every quarter of an hour.
    """
    if facts.refused is Policy.DAILY or facts.daily_remaining == 0:
        longest = PAUSE_SECONDS[Policy.DAILY]
        pause = min(seconds_to_reset or longest, longest)
        return Correction(pause_seconds=pause, is_day_spent=True)
    if facts.refused is not None:
        pause = PAUSE_SECONDS[facts.refused] if facts.retry_after is None else facts.retry_after
        return Correction(limit=facts.limit or None, pause_seconds=pause)
    known = facts.limit or limit
    delay = _delay(known, facts.remaining)
    if known == limit and not delay:
        return None
    return Correction(limit=known, delay_seconds=delay)


def seconds_until_midnight(now: datetime, time_zone: str) -> float | None:
    """Until the day's quota starts anew: midnight in the account's time zone, if it is a known one.

    https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return (datetime.combine(tomorrow, time(), tzinfo=zone) - now).total_seconds()


def _wait(schedule: Schedule, lane: Lane, now: float) -> float:
    ahead = max(schedule.next_slot - now, 0.0)
    by_horizon = ahead - HORIZON_SECONDS[lane]
    if lane is Lane.LIVE:
        return by_horizon
    # Live reserves at most one spacing beyond its horizon, so a due reserved slot is never refused
    # because of it: backfill cannot starve.
    reach = HORIZON_SECONDS[Lane.LIVE] + 2 * spacing(schedule.limit)
    return min(by_horizon, max(schedule.next_reserved - now, ahead - reach))


def _delay(limit: int, remaining: int | None) -> float:
    """How far to move the next slot when HubSpot counts more calls than our schedule makes."""
    if remaining is None:
        return 0.0
    step = spacing(limit)
    ours = math.floor(WINDOW_SECONDS / step) + 1
    # Half of what the spacing leaves over is for the network's jitter.
    return max((limit - ours) // 2 - remaining, 0) * step
