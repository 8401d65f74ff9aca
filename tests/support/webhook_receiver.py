"""A receiver of webhooks in process: keeps what it is sent and answers as told."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

URL = "http://receiver.test/webhooks/shopify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request: its raw body, its headers in lower case, and when it came."""

    body: bytes
    headers: dict[str, str]
    at: float

    @property
    def payload(self) -> Any:
        return json.loads(self.body)

    @property
    def topic(self) -> str:
        return self.headers["x-shopify-topic"]

    @property
    def webhook_id(self) -> str:
        return self.headers["x-shopify-webhook-id"]


@dataclass(slots=True)
class Receiver:
    """An ASGI application; ``answers`` are used up one by one, then ``judge`` decides."""

    answers: Iterator[int] = field(default_factory=lambda: iter(()))
    judge: Callable[[Received], int] = lambda _: 200
    seconds: float = 0.0
    requests: list[Received] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    def will_answer(self, statuses: Iterable[int]) -> None:
        self.answers = iter(statuses)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            at = asyncio.get_running_loop().time()
            body = await request.body()
            received = Received(body=body, headers=dict(request.headers), at=at)
            self.requests.append(received)
            status = next(self.answers, None) or self.judge(received)
            if self.seconds:
                await asyncio.sleep(self.seconds)
        finally:
            self.under_way -= 1
        await Response(status_code=status)(scope, receive, send)

    @property
    def topics(self) -> list[str]:
        return [each.topic for each in self.requests]
