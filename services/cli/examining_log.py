"""What ``shopsync check`` finds in the log's cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from services.cli.findings import Finding, lesser, ours
from services.cli.topics import compared
from services.shared.contract.errors import SyncError
from services.shared.log.address import KafkaCluster, LogAddress

if TYPE_CHECKING:
    from services.shared.log.kafka.topics import Comparison

_LOOPBACK = ("127.0.0.1:", "localhost:", "[::1]:")


async def examine_log(address: LogAddress) -> list[Finding]:
    """All findings in the log; a file has none before it is opened."""
    if not isinstance(address, KafkaCluster):
        return []
    found = [*_open_ways(address)]
    try:
        return [*found, *cluster_findings(await compared(address))]
    except SyncError as problem:
        to_do = "see SHOPSYNC_LOG_URL, SHOPSYNC_KAFKA_… and docs/kafka.md"
        return [*found, ours("log", f"cannot be used: {problem}", to_do)]


def cluster_findings(compared: Comparison) -> list[Finding]:
    """What a cluster lacks. Pure."""
    found = [
        lesser(
            f"topic {each.topic}",
            f"{each.what} is {each.actual or 'missing'}, not {each.declared}",
            "run: shopsync topics --apply",
        )
        for each in compared.differences
        if each.actual
    ]
    found += [
        ours(f"topic {each.topic}", "is missing", "run: shopsync topics --apply")
        for each in compared.differences
        if not each.actual
    ]
    if compared.brokers == 1:
        to_do = "use three brokers or more where webhooks must not be lost"
        found.append(lesser("log", "has a single broker: its disk is the only copy", to_do))
    if compared.creates_by_accident:
        to_do = "set auto.create.topics.enable=false on the brokers"
        found.append(lesser("log", "the brokers create topics by accident", to_do))
    return found


def _open_ways(cluster: KafkaCluster) -> Iterable[Finding]:
    afar = [each for each in cluster.servers if not each.startswith(_LOOPBACK)]
    if afar and not cluster.security.protection.is_encrypted:
        yield lesser(
            "log",
            "people's data goes to the brokers unencrypted",
            "set SHOPSYNC_KAFKA_SECURITY to SSL or SASL_SSL",
        )
