"""The whole process is killed at random moments, as by ``kill -9``, and started again."""

import asyncio
import random
from pathlib import Path

import pytest

from tests.support.installation import installed

_ROUNDS = 4


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_killed_at_random_moments_it_loses_nothing_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    moments = random.Random(9)
    async with installed(tmp_path) as here:
        await here.faults({"duplicate": 0.1, "reorder_seconds": 0.5, "retry_scale": 0.004})
        await here.trickle(5.0)
        for _ in range(_ROUNDS):
            product = await here.start("all")
            # During its start, the first sync, or live changes: whatever it does just then.
            await asyncio.sleep(moments.uniform(1.0, 7.0))
            product.kill()
            await product.wait()
        await here.start("all")
        await here.stop_trickling()

        assert await here.last_differences(f"sqlite+aiosqlite:///{tmp_path}/ledger.sqlite") == []
