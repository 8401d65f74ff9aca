"""What who asks for a call is told when none is granted for long: a spent day, or a long pause."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.shared.hubspot.governor import Governor
from services.shared.hubspot.pacing import Lane
from services.shared.hubspot.problems import RateLimitedError
from services.shared.hubspot.rates import Policy, RateFacts
from tests.support.memory_quota import MemoryQuota
from tests.support.virtual_time import in_virtual_time


def test_a_spent_day_is_said_to_who_asks_and_ends_at_the_account_s_midnight() -> None:
    ten_to_midnight = datetime(2026, 11, 24, 4, 50, tzinfo=UTC)

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        governor = Governor(
            MemoryQuota(), now=lambda: ten_to_midnight + timedelta(seconds=clock() - began)
        )
        governor.end_days_in("US/Eastern")
        await governor.observe(RateFacts(refused=Policy.DAILY))
        with pytest.raises(RateLimitedError) as refusal:
            await governor.acquire(Lane.LIVE)
        assert refusal.value.reason == "quota_spent"
        assert refusal.value.retry_after == pytest.approx(605, abs=4)
        assert clock() == began, "nobody stood in line"
        await asyncio.sleep(606)
        await governor.acquire(Lane.LIVE)

    in_virtual_time(main())


def test_a_long_wait_after_a_burst_is_no_spent_day_also_to_another_process() -> None:
    async def main() -> None:
        quota = MemoryQuota()
        refused = RateFacts(refused=Policy.TEN_SECONDLY, retry_after=120.0)
        await Governor(quota).observe(refused)
        with pytest.raises(RateLimitedError) as refusal:
            await Governor(quota).acquire(Lane.LIVE)
        assert refusal.value.reason == "rate_limited"
        assert refusal.value.retry_after == pytest.approx(120, abs=4)

    in_virtual_time(main())


def test_a_spent_day_that_is_over_names_no_later_wait() -> None:
    async def main() -> None:
        quota = MemoryQuota()
        await Governor(quota).observe(RateFacts(refused=Policy.DAILY))
        await asyncio.sleep(901)
        await Governor(quota).observe(RateFacts(refused=Policy.SECONDLY, retry_after=60.0))
        with pytest.raises(RateLimitedError) as refusal:
            await Governor(quota).acquire(Lane.LIVE)
        assert refusal.value.reason == "rate_limited"

    in_virtual_time(main())
