"""``shopsync topics``: whether the topics are on the cluster as they are declared."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.answering import AsJson, Exit, finished, give, say, show
from services.cli.looking import places
from services.shared.contract.errors import SyncError
from services.shared.log.address import KafkaCluster
from services.shared.log.kafka.declared import FILE, Difference
from services.shared.runtime.logging import Action

if TYPE_CHECKING:
    from services.shared.log.kafka.topics import Applied, Comparison, Topics

_LOG = logging.getLogger(__name__)
_AGAIN_SECONDS = 30.0
# Who must have read everything before a topic gets more partitions.
GROUP = "syncer"
_ADDED_ONLY = "The log is a file: it has its topics by itself."


def topics(
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Create what is missing, and correct what can be.")
    ] = False,
    file: Annotated[Path, typer.Option(help="The declaration.")] = FILE,
    as_json: AsJson = False,
) -> None:
    """Compare the topics on the Kafka cluster with deploy/kafka/topics.toml.

    Nothing is ever deleted. Partitions are only added, and only to topics that were read to their
    end; copies are moved by Kafka's own tools.
    """
    cluster = places().log
    if not isinstance(cluster, KafkaCluster):
        say(_ADDED_ONLY)
        return
    if apply:
        _tell_applied(finished(_applied(cluster, file)), as_json=as_json)
    else:
        _tell_compared(finished(compared(cluster, file)), as_json=as_json)


async def compared(cluster: KafkaCluster, file: Path = FILE) -> Comparison:
    """How ``cluster`` stands to the declaration.

    Raises:
        LogUnavailableError: no broker answers, or it refuses.
    """
    async with _topics_of(cluster, file) as there:
        return await there.compare()


async def name_differences(cluster: KafkaCluster) -> None:
    """Say once what differs on the cluster, as soon as it answers; then rest until cancelled."""
    while True:
        try:
            found = await compared(cluster)
            break
        except SyncError as problem:
            _LOG.warning(
                "topics not compared", extra={"action": Action.WAIT, "reason": problem.reason}
            )
            await asyncio.sleep(_AGAIN_SECONDS)
    for each in found.differences:
        _LOG.warning(
            "a topic is not as declared",
            extra={
                "action": Action.TOPIC_DIFFERS,
                "topic": each.topic,
                "what": each.what,
                "declared": each.declared,
                "actual": each.actual,
            },
        )
    await asyncio.Event().wait()


def _topics_of(cluster: KafkaCluster, file: Path) -> AbstractAsyncContextManager[Topics]:
    # Here, because it loads Kafka's client, which a log in a file has no use for.
    from services.shared.log.kafka.topics import Topics  # noqa: PLC0415 - see above

    return Topics.of(cluster, file)


async def _applied(cluster: KafkaCluster, file: Path) -> Applied:
    async with _topics_of(cluster, file) as there:
        return await there.apply(GROUP)


def _tell_compared(found: Comparison, *, as_json: bool) -> None:
    if as_json:
        give(found)
    elif found.differences:
        _show("Not as declared", found.differences)
    else:
        say("All topics are as declared.")
    if found.differences:
        raise SystemExit(Exit.PROBLEM)


def _tell_applied(applied: Applied, *, as_json: bool) -> None:
    if as_json:
        give({"done": applied.done, "left": [_left(*each) for each in applied.left]})
    else:
        _show("Done", applied.done)
        for each, reason in applied.left:
            said = f"{each.topic}: {each.what} stays {each.actual}, not {each.declared}: {reason}"
            say(said)
    if applied.left:
        raise SystemExit(Exit.PROBLEM)


def _left(difference: Difference, reason: str) -> dict[str, object]:
    return {"difference": difference, "reason": reason}


def _show(title: str, found: Sequence[Difference]) -> None:
    rows = [(each.topic, each.what, each.declared, each.actual or "missing") for each in found]
    show(title, ("topic", "what", "declared", "on the cluster"), rows)
