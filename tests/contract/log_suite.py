"""What every log must keep, whatever it is made of.

An implementation's tests subclass ``LogSuite`` and give it the fixture ``log_engine``.
"""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.log_append_suite import AppendSuite
from tests.contract.log_engines import Engine
from tests.contract.log_history_suite import HistorySuite
from tests.contract.log_reader_suite import ReaderSuite
from tests.contract.log_walk import Step, Walk, steps


class LogSuite(AppendSuite, ReaderSuite, HistorySuite):
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(history=st.lists(steps(), max_size=40))
    async def test_any_history_delivers_everything_in_order_and_nothing_settled_again(
        self, log_engine: Engine, history: Collection[Step]
    ) -> None:
        await self.check_history(log_engine, history)

    async def check_history(self, log_engine: Engine, history: Collection[Step]) -> None:
        async with log_engine.place() as place:
            walk = Walk(place.open)
            async with walk:
                for step in history:
                    await walk.take(step)
                await walk.finish()
            walk.check()
