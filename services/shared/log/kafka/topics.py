"""Compares the topics of a cluster with those declared, and makes them so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, KafkaTimeoutError, for_code

from services.shared.contract.errors import LogUnavailableError
from services.shared.contract.topics import TOPICS
from services.shared.log.address import KafkaCluster
from services.shared.log.kafka.connecting import Way, way_to
from services.shared.log.kafka.declared import FILE, Difference, Topic, differences, read_declared
from services.shared.log.kafka.history import History
from services.shared.log.kafka.offsets import Offsets
from services.shared.log.kafka.problems import unavailable

_SET_ON_THE_TOPIC = 1
_READY_SECONDS = 120.0
_AUTO_CREATE = "auto.create.topics.enable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How a cluster stands to what is declared; ``brokers`` counts those that are down, too."""

    brokers: int
    creates_by_accident: bool
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was done, and what was left as it is, with the reason."""

    done: Sequence[Difference]
    left: Sequence[tuple[Difference, str]]


class Topics:
    """The topics of one cluster."""

    def __init__(self, way: Way, admin: Any, file: Path) -> None:
        self._way = way
        self._admin = admin
        self._file = file

    @classmethod
    @asynccontextmanager
    async def of(cls, cluster: KafkaCluster, file: Path = FILE) -> AsyncIterator[Topics]:
        """The topics of ``cluster``, to be as ``file`` declares them.

        Raises:
            LogUnavailableError: no broker answers, or it refuses.
            OursToFixError: the way in is not complete.
        """
        way = way_to(cluster)
        admin = AIOKafkaAdminClient(**way.options("topics"))
        try:
            await admin.start()
            yield cls(way, admin, file)
        except (KafkaError, TimeoutError, OSError) as problem:
            raise unavailable(problem) from problem
        finally:
            await admin.close()

    async def compare(self) -> Comparison:
        """What differs."""
        cluster = await self._admin.describe_cluster()
        actual = await self._actual(TOPICS)
        # A broker that is down now has not left: topics that have more copies were made with it.
        brokers = max(len(cluster["brokers"]), *(each.replication for each in actual), 1)
        declared = read_declared(self._file, brokers=brokers)
        return Comparison(
            brokers=brokers,
            creates_by_accident=await self._creates_by_accident(cluster["brokers"][0]["node_id"]),
            differences=differences(declared, actual),
        )

    async def apply(self, group: str) -> Applied:
        """Creates what is missing and corrects what can be.

        Partitions are added only where ``group`` has read everything: a key changes its partition
        then, and what waits in the old one would be overtaken.
        """
        compared = await self.compare()
        declared = {each.name: each for each in read_declared(self._file, brokers=compared.brokers)}
        by_kind: dict[str, list[Difference]] = {"topic": [], "partitions": [], "replication": []}
        for each in compared.differences:
            by_kind.setdefault(each.what, []).append(each)
        left = [(each, "reassign by Kafka's own tools") for each in by_kind.pop("replication")]
        missing, counts = by_kind.pop("topic"), by_kind.pop("partitions")
        await self._create([declared[each.topic] for each in missing])
        settings = [each for some in by_kind.values() for each in some]
        await self._configure([declared[name] for name in sorted({s.topic for s in settings})])
        grown, refused = await self._grow(counts, declared, group)
        return Applied(done=[*missing, *settings, *grown], left=[*left, *refused])

    async def _actual(self, names: Collection[str]) -> list[Topic]:
        described = {
            self._way.inner(each["topic"]): each for each in await self._admin.describe_topics()
        }
        there = [name for name in names if name in described]
        configs = await self._configs([self._way.outer(name) for name in there])
        return [
            Topic(
                name=name,
                partitions=len(described[name]["partitions"]),
                replication=len(described[name]["partitions"][0]["replicas"]),
                config={key: value for key, (value, _) in configs[self._way.outer(name)].items()},
            )
            for name in there
        ]

    async def _configs(self, outer: Sequence[str]) -> dict[str, dict[str, tuple[str, int]]]:
        """Of each topic: each setting's value, and where it comes from."""
        if not outer:
            return {}
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in outer]
        found: dict[str, dict[str, tuple[str, int]]] = {}
        for answer in await self._admin.describe_configs(asked):
            for code, _, _, name, entries in answer.resources:
                _raise_for(code)
                found[name] = {entry[0]: (entry[1], entry[3]) for entry in entries}
        return found

    async def _creates_by_accident(self, node: int) -> bool:
        asked = [ConfigResource(ConfigResourceType.BROKER, str(node), {_AUTO_CREATE: ""})]
        for answer in await self._admin.describe_configs(asked):
            for code, _, _, _, entries in answer.resources:
                _raise_for(code)
                return any(entry[0] == _AUTO_CREATE and entry[1] == "true" for entry in entries)
        return False

    async def _create(self, topics: Sequence[Topic]) -> None:
        if not topics:
            return
        wanted = [
            NewTopic(
                self._way.outer(each.name),
                each.partitions,
                each.replication,
                topic_configs=dict(each.config),
            )
            for each in topics
        ]
        answer = await self._admin.create_topics(wanted)
        for _, code, *_ in answer.topic_errors:
            _raise_for(code)
        await self._wait_until_ready({each.name for each in topics})

    async def _wait_until_ready(self, names: Collection[str]) -> None:
        """Creating is done before the brokers lead what was created."""
        offsets = Offsets(self._way)
        try:
            async with asyncio.timeout(_READY_SECONDS):
                for name in sorted(names):
                    await self._wait_for_leaders(offsets, name)
        finally:
            await offsets.close()

    async def _wait_for_leaders(self, offsets: Offsets, name: str) -> None:
        while True:
            try:
                await offsets.latest(await offsets.partitions([name]))
            except KafkaTimeoutError:
                continue  # a slow disk makes hundreds of folders
            return

    async def _configure(self, topics: Sequence[Topic]) -> None:
        """Sets what is declared and keeps what else was set: the request replaces everything."""
        if not topics:
            return
        present = await self._configs([self._way.outer(each.name) for each in topics])
        wanted = []
        for each in topics:
            name = self._way.outer(each.name)
            kept = {
                key: value
                for key, (value, source) in present[name].items()
                if source == _SET_ON_THE_TOPIC
            }
            wanted.append(ConfigResource(ConfigResourceType.TOPIC, name, {**kept, **each.config}))
        for answer in await self._admin.alter_configs(wanted):
            for code, *_ in answer.resources:
                _raise_for(code)

    async def _grow(
        self, counts: Sequence[Difference], declared: dict[str, Topic], group: str
    ) -> tuple[list[Difference], list[tuple[Difference, str]]]:
        if not counts:
            return [], []
        behind = await self._behind(group)
        grown: list[Difference] = []
        refused: list[tuple[Difference, str]] = []
        for each in counts:
            if int(each.actual) > int(each.declared):
                refused.append((each, "partitions cannot be removed"))
            elif each.topic in behind:
                refused.append((each, "not drained: events wait in it"))
            else:
                total = {
                    self._way.outer(each.topic): NewPartitions(declared[each.topic].partitions)
                }
                await self._admin.create_partitions(total)
                grown.append(each)
        return grown, refused

    async def _behind(self, group: str) -> set[str]:
        offsets = Offsets(self._way)
        try:
            lag = await History(self._way, offsets).lag(group)
        finally:
            await offsets.close()
        return {partition.topic for partition, each in lag.items() if each.events}


def _raise_for(code: int) -> None:
    if code:
        refusal = for_code(code)
        raise LogUnavailableError("log_refused", retry_after=10.0, detail=refusal.__name__)
