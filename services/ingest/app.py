"""The HTTP side: ``POST /webhooks/shopify`` on a hot path of its own, the rest behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.ingest.answers import Answer
from services.ingest.appending import BoundedLog, Room, Writable
from services.ingest.delivery import Refused
from services.ingest.metrics import Metrics
from services.ingest.outcomes import Outcome
from services.ingest.shedding import is_one_request
from services.ingest.stores import KnownStores
from services.ingest.taking import Clock, Taking, Tell

PATH = "/webhooks/shopify"
_FIRST_LINE = b"POST %b HTTP/1.1\r\n" % PATH.encode()

_NOTHING: Message = {"type": "http.response.body", "body": b""}


class Webhooks:
    """A bare ASGI callable: routing frameworks cost up to 45 % here.

    Answers what is a request for :data:`PATH`, and hands all else to ``behind``.
    """

    def __init__(self, *, taking: Taking, log: BoundedLog, behind: ASGIApp) -> None:
        self._taking = taking
        self._log = log
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Raises nothing for anything a stranger may send."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._behind(scope, receive, send)
            return
        answer = await self._answer(scope, receive)
        if answer is not None:
            await send(answer)
            await send(_NOTHING)

    def takes(self, method: str, path: str) -> bool:
        """Whether :meth:`take` is for such a request."""
        return path == PATH and method == "POST"

    def take(self, headers: Iterable[tuple[bytes, bytes]], body: bytes, tell: Tell) -> None:
        """The same without ASGI, for a delivery whose body is there; see ``Taking``."""
        self._taking.take(headers, body, tell)

    def no_time_for(self, data: bytes, most_header_bytes: int) -> Answer | None:
        """The answer to ``data``, if it is a delivery there is no time for, told at a glance."""
        if not (self._log.is_busy() and is_one_request(data, _FIRST_LINE, most_header_bytes)):
            return None
        return self._taking.answer(Outcome.TOO_MANY_IN_FLIGHT, asyncio.get_running_loop().time())

    async def _answer(self, scope: Scope, receive: Receive) -> Answer | None:
        """None if nobody is there any more: that is counted where the connection ended."""
        began = asyncio.get_running_loop().time()
        body = await self._body(scope, receive)
        if body is Outcome.DISCONNECTED:
            return None
        if isinstance(body, Outcome):
            return self._taking.answer(body, began)
        told: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._taking.take(scope["headers"], body, partial(_tell, told))
        return await told

    async def _body(self, scope: Scope, receive: Receive) -> bytes | Outcome:
        """The body, if it is worth waiting for."""
        if scope["method"] != "POST":
            return Outcome.WRONG_METHOD
        claim = self._taking.claim(scope["headers"])
        if isinstance(claim, Refused):
            return claim.outcome
        with self._log.room() as room:
            return await _body(receive, room)


async def _body(receive: Receive, room: Room) -> bytes | Outcome:
    chunks = []
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return Outcome.DISCONNECTED
        chunk = message.get("body", b"")
        refusal = room.take(len(chunk))
        if refusal:
            return refusal
        chunks.append(chunk)
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _tell(waiting: asyncio.Future[Answer], told: Answer | Exception) -> None:
    if waiting.done():  # whoever waited has been cancelled
        return
    if isinstance(told, Exception):
        waiting.set_exception(told)
    else:
        waiting.set_result(told)


def create_app(
    *, stores: KnownStores, log: BoundedLog, metrics: Metrics, clock: Clock, writable: Writable
) -> Webhooks:
    """The whole of ingest as one ASGI application: the hot path, and Starlette behind it."""

    async def healthz(_request: Request) -> JSONResponse:
        return JSONResponse({"alive": True})

    async def readyz(_request: Request) -> JSONResponse:
        reason = await log.refusal(writable)
        checks = {"stores": stores.are_loaded, "log": reason is None}
        said: dict[str, bool | str] = {"ready": all(checks.values()), **checks}
        if reason is not None:
            said["reason"] = reason
        status = HTTPStatus.OK if said["ready"] else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(said, status_code=status)

    behind = Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)])
    taking = Taking(stores=stores, log=log, metrics=metrics, clock=clock)
    return Webhooks(taking=taking, log=log, behind=behind)
