"""The topics as ``deploy/kafka/topics.toml`` declares them, and what differs on a cluster. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.shared.contract.errors import OursToFixError
from services.shared.contract.topics import TOPICS

FILE = Path(__file__).parents[4] / "deploy" / "kafka" / "topics.toml"
LONGEST_RETENTION_DAYS = 30
RETENTION = "retention.ms"
MIN_IN_SYNC = "min.insync.replicas"
_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic as it shall be, or as it is. ``config`` is by Kafka's names."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as declared; ``actual`` is empty for a topic that is missing."""

    topic: str
    what: str
    declared: str
    actual: str


def read_declared(file: Path = FILE, *, brokers: int = 3) -> tuple[Topic, ...]:
    """The topics that ``file`` declares, as far as so many ``brokers`` can have them.

    Raises:
        OursToFixError: the file is missing or says something that cannot be.
    """
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
        topics = tuple(
            _topic(name, {**said["defaults"], **given}, brokers)
            for name, given in said["topics"].items()
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as problem:
        raise OursToFixError("topics_file", detail=f"{file}: {type(problem).__name__}") from problem
    if names := {*TOPICS} ^ {each.name for each in topics}:
        raise OursToFixError("topics_file", detail=f"not as the product needs: {sorted(names)}")
    return topics


def differences(declared: Sequence[Topic], actual: Sequence[Topic]) -> list[Difference]:
    """What is not as declared, topic by topic."""
    there = {each.name: each for each in actual}
    found: list[Difference] = []
    for topic in declared:
        if topic.name not in there:
            found.append(Difference(topic=topic.name, what="topic", declared="there", actual=""))
        else:
            found += _differences(topic, there[topic.name])
    return found


def _differences(declared: Topic, actual: Topic) -> list[Difference]:
    pairs = {
        "partitions": (str(declared.partitions), str(actual.partitions)),
        "replication": (str(declared.replication), str(actual.replication)),
        **{name: (value, actual.config.get(name, "")) for name, value in declared.config.items()},
    }
    return [
        Difference(topic=declared.name, what=what, declared=wanted, actual=is_now)
        for what, (wanted, is_now) in pairs.items()
        if wanted != is_now
    ]


def _topic(name: str, said: Mapping[str, object], brokers: int) -> Topic:
    config = dict(_mapping(said["config"]))
    days = _number(said["retention_days"])
    if days > LONGEST_RETENTION_DAYS:
        raise ValueError("retention_days")
    wanted = _number(said["replication"])
    copies = min(wanted, brokers)
    if copies < wanted:
        config[MIN_IN_SYNC] = max(1, copies - 1)
    config[RETENTION] = days * _DAY_MS
    return Topic(
        name=name,
        partitions=_number(said["partitions"]),
        replication=copies,
        config={each: _text(value) for each, value in config.items()},
    )


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or value < 1:
        raise ValueError
    return value


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
