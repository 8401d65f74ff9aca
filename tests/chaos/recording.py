"""What happened, as it happened: changes in the stores, calls to HubSpot, the nemesis's deeds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.shopify.model import Change

_CALLS = 50_000
_BODY_BYTES = 200_000
_CALLS_TOLD = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A change in a store, by the id of the record it is about; ``at`` in seconds."""

    at: float
    shop: str
    topic: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call to HubSpot; status 0 is a connection that was reset."""

    at: float
    method: str
    path: str
    status: int
    body: bytes


@dataclass(slots=True, kw_only=True)
class Recording:
    """Everything that was seen; times are seconds since it began."""

    began: float = field(default_factory=time.monotonic)
    changes: list[Seen] = field(default_factory=list)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=_CALLS))
    deeds: list[dict[str, Any]] = field(default_factory=list)

    def now(self) -> float:
        """Seconds since it began."""
        return round(time.monotonic() - self.began, 3)

    def hear(self, change: Change) -> None:
        """Note a change of a store; a listener of stores."""
        number = change.record.get("order_id") or change.record.get("id") or ""
        seen = Seen(
            at=self.now(),
            shop=change.shop,
            topic=change.topic,
            kind=str(change.kind),
            id=str(number),
        )
        self.changes.append(seen)

    def note(self, deed: str, **facts: Any) -> None:
        """Note a deed of the nemesis."""
        self.deeds.append({"at": self.now(), "deed": deed, **facts})

    def about(self, shop: str, number: str, words: Mapping[str, str]) -> dict[str, Any]:
        """The history of a record: its changes, and calls that name it by one of ``words``."""
        changes = [
            {"at": each.at, "topic": each.topic, "kind": each.kind}
            for each in self.changes
            if each.shop == shop and each.id == number
        ]
        needles = [each.encode() for each in words.values() if each]
        calls = [
            {
                "at": each.at,
                "call": f"{each.method} {each.path}",
                "status": each.status,
                "said": _inputs_in(each.body, needles),
            }
            for each in self.calls
            if any(needle in each.body or needle in each.path.encode() for needle in needles)
        ]
        return {"changes": changes, "calls": calls[-_CALLS_TOLD:]}


def _inputs_in(body: bytes, needles: Sequence[bytes]) -> list[Any]:
    """Of a batch, the rows that are about a record."""
    try:
        rows = orjson.loads(body)["inputs"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []
    return [each for each in rows if any(needle in orjson.dumps(each) for needle in needles)]


class Overheard:
    """An application whose calls are recorded."""

    def __init__(self, app: ASGIApp, recording: Recording) -> None:
        self._app = app
        self._recording = recording

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ear = _Ear(receive, send)
        try:
            await self._app(scope, ear.receive, ear.send)
        finally:
            call = Call(
                at=self._recording.now(),
                method=scope["method"],
                path=scope["path"],
                status=ear.status,
                body=bytes(ear.body[:_BODY_BYTES]),
            )
            self._recording.calls.append(call)


class _Ear:
    """Listens to one call. ``transport`` is where a simulator looks for the connection to reset."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.transport = getattr(getattr(receive, "__self__", None), "transport", None)
        self.status = 0
        self.body = bytearray()
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        message = await self._receive()
        self.body += message.get("body", b"")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)
