"""The HTTP side: ``POST /webhooks/shopify`` on a hot path of its own, the rest behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.ingest.answers import ANSWERS, Answer
from services.ingest.appending import BoundedLog, Room, Writable
from services.ingest.delivery import Refused, claim_in, event_for
from services.ingest.metrics import Metrics
from services.ingest.outcomes import Outcome
from services.ingest.stores import KnownStores

PATH = "/webhooks/shopify"
Clock = Callable[[], datetime]

_NOTHING: Message = {"type": "http.response.body", "body": b""}


class Webhooks:
    """A bare ASGI callable: routing frameworks cost up to 45 % here.

    Answers what is a request for :data:`PATH`, and hands all else to ``behind``.
    """

    def __init__(
        self,
        *,
        stores: KnownStores,
        log: BoundedLog,
        metrics: Metrics,
        clock: Clock,
        behind: ASGIApp,
    ) -> None:
        self._stores = stores
        self._log = log
        self._metrics = metrics
        self._now = clock
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Raises nothing for anything a stranger may send."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._behind(scope, receive, send)
            return
        time = asyncio.get_running_loop().time
        began = time()
        outcome = await self._outcome(scope, receive)
        if outcome is Outcome.DISCONNECTED:  # counted where the connection ended
            return
        await send(self._answer(outcome))
        await send(_NOTHING)
        self._metrics.count(outcome)
        self._metrics.request_seconds.observe(time() - began)

    async def _outcome(self, scope: Scope, receive: Receive) -> Outcome:
        if scope["method"] != "POST":
            return Outcome.WRONG_METHOD
        claim = claim_in(scope["headers"], self._stores)
        if isinstance(claim, Refused):
            return claim.outcome
        # Before its body is waited for and its signature reckoned: what is refused for want of
        # time must cost little of it, or at twice the load nothing would be accepted at all.
        if self._log.is_busy:
            return Outcome.TOO_MANY_IN_FLIGHT
        with self._log.room() as room:
            body = await _body(receive, room)
            if isinstance(body, Outcome):
                return body
            decision = event_for(claim, body, self._now())
            if isinstance(decision, Refused):
                return decision.outcome
            return await self._log.append(decision)

    def _answer(self, outcome: Outcome) -> Answer:
        if outcome is not Outcome.LOG_UNAVAILABLE:
            return ANSWERS[outcome]
        return Answer(outcome, self._log.retry_seconds)


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


def create_app(
    *, stores: KnownStores, log: BoundedLog, metrics: Metrics, clock: Clock, writable: Writable
) -> Webhooks:
    """The whole of ingest as one ASGI application: the hot path, and Starlette behind it."""

    async def healthz(_request: Request) -> JSONResponse:
        return JSONResponse({"alive": True})

    async def readyz(_request: Request) -> JSONResponse:
        checks = {"stores": stores.are_loaded, "log": await log.is_writable(writable)}
        status = HTTPStatus.OK if all(checks.values()) else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"ready": all(checks.values()), **checks}, status_code=status)

    behind = Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)])
    return Webhooks(stores=stores, log=log, metrics=metrics, clock=clock, behind=behind)
