"""The log on Kafka keeps what every log must."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.shared.log.address import KafkaCluster
from services.shared.log.kafka.log import KafkaLog
from tests.contract.log_engines import Engine
from tests.contract.log_suite import LogSuite
from tests.contract.log_walk import Step, steps
from tests.support.kafka.shared import cluster_of_its_own


@dataclass(frozen=True, slots=True)
class _Place:
    cluster: KafkaCluster

    def open(self) -> AbstractAsyncContextManager[KafkaLog]:
        return KafkaLog.open(self.cluster)


@dataclass(frozen=True, slots=True)
class KafkaEngine:
    @asynccontextmanager
    async def place(self) -> AsyncIterator[_Place]:
        async with cluster_of_its_own() as cluster:
            yield _Place(cluster)


@pytest.mark.xdist_group("kafka")
class TestKafkaLog(LogSuite):
    @pytest.fixture
    def log_engine(self) -> Engine:
        return KafkaEngine()

    @settings(
        max_examples=4,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(history=st.lists(steps(), max_size=40))
    async def test_any_history_delivers_everything_in_order_and_nothing_settled_again(
        self, log_engine: Engine, history: Collection[Step]
    ) -> None:
        await self.check_history(log_engine, history)
