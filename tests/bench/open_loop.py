"""Deliveries sent by the clock, whatever becomes of those before: an open loop, unlike wrk's.

``python -m tests.bench.open_loop PORT FILE FIRST RATE SECONDS RATE SECONDS`` sends a burst and
then, at once, at the rate after it, numbered from ``FIRST`` on; writes the number of every delivery
answered 200 to ``FILE``, one a line, and prints what it saw as JSON. A delivery that is due goes
out on a free connection or a new one; its time runs from when it was due, not from when it was
sent, so that a server that stalls cannot hide what it let wait.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import uvloop

from tests.bench.ingest import ORDERS, order_body
from tests.support.deliveries import request_bytes, signed_headers

# Fewer than ingest takes, so that it is its own limits that refuse.
_MOST_CONNECTIONS = 3_000
_LOOK_SECONDS = 0.001
# As Shopify waits for an answer.
_PATIENCE_SECONDS = 5.0
_PLACE = signed_headers(b"")["X-Shopify-Webhook-Id"].encode()
_OK = 200


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One delivery; ``status`` 0 is no answer at all. Times on the loop's clock."""

    number: int
    due: float
    sent: float = 0.0
    answered: float = 0.0
    status: int = 0


@dataclass(slots=True)
class Sender:
    """All connections, and what waits for one."""

    port: int
    deliveries: list[Delivery] = field(default_factory=list)
    free: list[Connection] = field(default_factory=list)
    waiting: deque[Delivery] = field(default_factory=deque)
    open: int = 0
    opened: int = 0
    opening: set[asyncio.Task[Any]] = field(default_factory=set)
    requests: list[tuple[bytes, bytes]] = field(
        default_factory=lambda: [*map(_parts, range(ORDERS))]
    )

    def send(self, delivery: Delivery) -> None:
        """Now, or as soon as there is a connection."""
        self.deliveries.append(delivery)
        if self.free:
            self.free.pop().carry(delivery)
            return
        self.waiting.append(delivery)
        if self.open < _MOST_CONNECTIONS:
            self.open += 1
            self.opened += 1
            task = asyncio.ensure_future(self._connect())
            self.opening.add(task)
            task.add_done_callback(self.opening.discard)

    def is_free(self, connection: Connection) -> None:
        """Give it the next that waits."""
        if self.waiting:
            connection.carry(self.waiting.popleft())
        else:
            self.free.append(connection)

    def written(self, number: int) -> bytes:
        """The request with this number."""
        before, behind = self.requests[number % len(self.requests)]
        return before + b"b54557e4-bdd9-4b37-8a5f-%012d" % number + behind

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: Connection(self), "127.0.0.1", self.port
            )
        except OSError:
            self.open -= 1


class Connection(asyncio.Protocol):
    """One connection, one delivery at a time."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._now = asyncio.get_running_loop().time
        self._carried: Delivery | None = None
        self._answer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._sender.is_free(self)

    def carry(self, delivery: Delivery) -> None:
        """Send it."""
        self._carried = delivery
        delivery.sent = self._now()
        self._transport.write(self._sender.written(delivery.number))

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._answer.endswith(b"\r\n\r\n"):
            return
        answer, self._answer = self._answer, b""
        if self._carried:
            self._carried.answered = self._now()
            self._carried.status = int(answer[9:12])
            self._carried = None
        # One that says it closes is closed by the other side.
        if b"connection: close" not in answer:
            self._sender.is_free(self)

    def connection_lost(self, _problem: Exception | None) -> None:
        self._sender.open -= 1
        if self in self._sender.free:
            self._sender.free.remove(self)


def _parts(number: int) -> tuple[bytes, bytes]:
    before, place, behind = request_bytes(order_body(number)).partition(_PLACE)
    assert place
    return before, behind


async def driven(
    port: int, first: int, burst: tuple[float, float], after: tuple[float, float]
) -> Sender:
    """Send by the clock: ``(rate, seconds)`` of the burst, and of what comes after it."""
    sender = Sender(port)
    loop = asyncio.get_running_loop()
    start = loop.time() + 0.1
    schedule = [start + n / burst[0] for n in range(int(burst[0] * burst[1]))]
    schedule += [start + burst[1] + n / after[0] for n in range(int(after[0] * after[1]))]
    number = 0
    while number < len(schedule):
        now = loop.time()
        while number < len(schedule) and schedule[number] <= now:
            sender.send(Delivery(number=first + number, due=schedule[number]))
            number += 1
        await asyncio.sleep(_LOOK_SECONDS)
    deadline = loop.time() + _PATIENCE_SECONDS
    while loop.time() < deadline and not all(  # noqa: ASYNC110 - the last of many, once
        each.status for each in sender.deliveries
    ):
        await asyncio.sleep(0.1)
    return sender


def seen(sender: Sender, burst_seconds: float) -> dict[str, Any]:
    """What became of the deliveries. Milliseconds from when each was due."""
    start = sender.deliveries[0].due
    over = start + burst_seconds
    statuses = Counter(each.status for each in sender.deliveries)
    bad = [each.due for each in sender.deliveries if each.due > over and each.status != _OK]
    sent_at = max(each.sent for each in sender.deliveries if each.due <= over)
    return {
        "generator": "tests.bench.open_loop",
        "sent": len(sender.deliveries),
        "sent_in_burst": sum(each.due <= over for each in sender.deliveries),
        "burst_took_seconds": round(sent_at - start, 2),
        "answers": {str(status): count for status, count in sorted(statuses.items()) if status},
        "unanswered": statuses[0],
        "connections": sender.opened,
        "late_p99_ms": _p99([e.sent - e.due for e in sender.deliveries if e.sent]),
        "accepted_p99_ms": _p99([e.answered - e.due for e in _with(sender, _OK)]),
        "refused_p99_ms": _p99([e.answered - e.due for e in _with(sender, 503)]),
        "refused_after_sending_p99_ms": _p99([e.answered - e.sent for e in _with(sender, 503)]),
        "recovery_seconds": round(max(bad) - over, 2) if bad else 0.0,
    }


def _with(sender: Sender, status: int) -> list[Delivery]:
    return [each for each in sender.deliveries if each.status == status]


def _p99(seconds: list[float]) -> float | None:
    return round(sorted(seconds)[len(seconds) * 99 // 100] * 1e3, 1) if seconds else None


def main(port: int, file: Path, first: int, rates: list[float]) -> None:
    """Send, write, tell."""
    burst, after = (rates[0], rates[1]), (rates[2], rates[3])
    sender = uvloop.run(driven(port, first, burst, after))
    file.write_text("".join(f"{each.number}\n" for each in _with(sender, _OK)))
    sys.stdout.write(orjson.dumps(seen(sender, rates[1])).decode() + "\n")


if __name__ == "__main__":
    given = [float(each) for each in sys.argv[4:8]]
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), given)
