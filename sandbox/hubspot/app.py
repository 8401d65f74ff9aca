"""The simulator as an ASGI application: in process by ``httpx.ASGITransport``, or under uvicorn.

Calls of HubSpot's API take a short path of their own; what is under ``/_sandbox/`` is
Starlette's.
"""

from collections.abc import Mapping

import httpx
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from sandbox.hubspot.account import Account
from sandbox.hubspot.answering import answer_to
from sandbox.hubspot.backstage import Backstage
from sandbox.hubspot.calls import Answer, Call
from sandbox.hubspot.routing import find
from sandbox.hubspot.striking import struck
from sandbox.hubspot.table import FAMILIES

BACKSTAGE = "/_sandbox"
NO_CONTENT = 204
RESET = 0  # what a call without an answer is counted under


class ConnectionDroppedError(httpx.ReadError):
    """In process there is no connection to reset: the caller's httpx client meets this instead."""


class Simulator(Starlette):
    """One account behind HubSpot's API."""

    def __init__(self, account: Account) -> None:
        super().__init__(routes=Backstage(account).routes())
        self.account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http" or scope["path"].startswith(BACKSTAGE) or scope["path"] == "/":
            await super().__call__(scope, receive, send)
            return
        call = await _call_in(scope, receive, self.account)
        found = find(FAMILIES, call.method, call.path)
        shape = found.shape if found else call.path
        answer = await struck(self.account, call, lambda: answer_to(self.account, call, found))
        if answer is None:
            self.account.calls[call.method, shape, RESET] += 1
            _drop(receive)
            return
        self.account.calls[call.method, shape, answer.status] += 1
        await _send(send, answer)


def create_app(account: Account) -> Simulator:
    """The application for an account; several may run in one process."""
    return Simulator(account)


async def _call_in(scope: Scope, receive: Receive, account: Account) -> Call:
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    headers: Mapping[str, str] = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
    }
    return Call(
        method=scope["method"],
        path=scope.get("raw_path", b"").decode("ascii") or scope["path"],
        query_string=scope["query_string"].decode("latin-1"),
        headers=dict(headers),
        body=b"".join(parts),
        now=account.now(),
    )


async def _send(send: Send, answer: Answer) -> None:
    body = answer.content()
    headers = {"content-type": "application/json;charset=utf-8"} if body else {}
    headers |= answer.headers
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    if answer.status != NO_CONTENT:
        raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _drop(receive: Receive) -> None:
    """Reset the connection: uvicorn's transport hangs behind ``receive``; in process, raise."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionDroppedError("Connection reset by peer")
    transport.abort()
