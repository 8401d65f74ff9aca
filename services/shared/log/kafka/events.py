"""Events as they stand in Kafka: text in UTF-8, headers as they are, the broker's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.shared.contract.events import Event, Partition, Position

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def event_in(record: Any, partition: Partition) -> Event:
    """The event a consumer's ``record`` is. Total: what is not ours is read as far as it goes."""
    return Event(
        position=Position(partition, record.offset),
        key=(record.key or b"").decode("utf-8", "replace"),
        value=record.value or b"",
        headers={name: (value or b"").decode("utf-8", "replace") for name, value in record.headers},
        appended_at=_EPOCH + record.timestamp * _MILLISECOND,
    )


def millis(moment: datetime) -> int:
    """Milliseconds since 1970, rounded up: events are stamped in whole ones."""
    return -((_EPOCH - moment) // _MILLISECOND)
