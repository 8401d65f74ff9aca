"""Opens the log an address leads to."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from services.shared.log.address import KafkaCluster, LogAddress, SqliteFile
from services.shared.log.port import Log
from services.shared.log.sqlite import SqliteLog


def opened(address: LogAddress) -> AbstractAsyncContextManager[Log]:
    """The log at ``address``: a file is made if it is missing, a cluster may be away for a while.

    Raises:
        OursToFixError: it is no log of ours, or the way in is not complete.
        LogUnavailableError: a file cannot be opened now.
    """
    match address:
        case SqliteFile(path=path):
            return SqliteLog.open(path)
        case KafkaCluster():
            # Here, because it loads Kafka's client, which a log in a file has no use for.
            from services.shared.log.kafka.log import KafkaLog  # noqa: PLC0415 - see above

            return KafkaLog.open(address)
