"""What Kafka's refusals mean to those who append and read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aiokafka import errors as kafka

from services.shared.contract.errors import LogUnavailableError

_NOT_AUTHORIZED = "log_not_authorized"
# A reason, and seconds to stay away; the first class that fits counts.
_REFUSALS: Mapping[type[Exception], tuple[str, float]] = MappingProxyType(
    {
        kafka.TopicAuthorizationFailedError: (_NOT_AUTHORIZED, 30.0),
        kafka.GroupAuthorizationFailedError: (_NOT_AUTHORIZED, 30.0),
        kafka.ClusterAuthorizationFailedError: (_NOT_AUTHORIZED, 30.0),
        kafka.UnknownTopicOrPartitionError: ("log_topic_missing", 10.0),
        kafka.NotEnoughReplicasError: ("log_too_few_replicas", 5.0),
        kafka.NotEnoughReplicasAfterAppendError: ("log_too_few_replicas", 5.0),
        kafka.KafkaStorageError: ("log_disk_failed", 10.0),
        kafka.KafkaConnectionError: ("log_unreachable", 1.0),
        kafka.NodeNotReadyError: ("log_unreachable", 1.0),
        kafka.RequestTimedOutError: ("log_unreachable", 1.0),
        kafka.KafkaTimeoutError: ("log_unreachable", 1.0),
        kafka.ProducerClosed: ("log_closed", 1.0),
        kafka.ConsumerStoppedError: ("log_closed", 1.0),
        TimeoutError: ("log_unreachable", 1.0),
        OSError: ("log_unreachable", 1.0),
    }
)
_OTHER = ("log_failed", 5.0)


def unavailable(problem: BaseException, about: str = "") -> LogUnavailableError:
    """``problem`` as the error of the ports; it names Kafka's error and quotes nothing of it.

    Where a right is missing it names the topics or the group as well, or what it is ``about``.
    """
    reason, retry_after = next(
        (said for kind, said in _REFUSALS.items() if isinstance(problem, kind)), _OTHER
    )
    detail = type(problem).__name__
    if reason == _NOT_AUTHORIZED:
        detail = f"{detail} {about or _named_in(problem)}".strip()
    return LogUnavailableError(reason, retry_after=retry_after, detail=detail)


def _named_in(problem: BaseException) -> str:
    """The topics or the group that aiokafka says a right is missing on."""
    said = problem.args[0] if problem.args else ""
    return ", ".join(sorted(map(str, said)) if isinstance(said, (set, list)) else [str(said)])


def unreachable() -> LogUnavailableError:
    """No broker answers in time."""
    return LogUnavailableError("log_unreachable", retry_after=1.0)


def closed() -> LogUnavailableError:
    """The log was closed in this process."""
    return LogUnavailableError("log_closed", retry_after=1.0)
