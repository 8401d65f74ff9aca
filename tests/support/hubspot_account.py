"""A simulated HubSpot account to talk to in process, at a time that only tests move."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio
import uvicorn

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app
from sandbox.hubspot.quota import Tier

Json = dict[str, Any]
START = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Clock:
    """A time that passes by sleeping, at once."""

    at: datetime = START
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass
class HubSpotUnderTest:
    """The account, its clock and a client that carries its token."""

    account: Account
    clock: Clock
    http: httpx.AsyncClient

    async def post(self, path: str, body: Any, status: int | None = None) -> Json:
        answer = await self.http.post(path, json=body)
        assert status in (None, answer.status_code), answer.text
        return dict(answer.json()) if answer.content else {}

    async def made(self, kind: str, **properties: str) -> str:
        body = {"properties": properties}
        return str((await self.post(f"/crm/objects/2026-09/{kind}", body, 201))["id"])

    async def properties(self, kind: str, record_id: str, *names: str) -> Json:
        query = {"properties": ",".join(names)}
        answer = await self.http.get(f"/crm/objects/2026-09/{kind}/{record_id}", params=query)
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()["properties"]
        return {name: shown.get(name) for name in names}

    async def unique_property(self, kind: str, name: str = "sync_key") -> str:
        """A unique property made for an object type; its name."""
        definition = {
            "name": name,
            "label": "Key",
            "type": "string",
            "fieldType": "text",
            "groupName": next(iter(self.account.schemas[kind].groups)),
            "hasUniqueValue": True,
        }
        await self.post(f"/crm/properties/2026-09/{kind}", definition, 201)
        return name

    async def put(self, said: Json, status: int = 200) -> Json:
        answer = await self.http.put("/_sandbox/faults", json=said)
        assert answer.status_code == status, answer.text
        return dict(answer.json())


@asynccontextmanager
async def hubspot_under_test(tier: Tier = "professional") -> AsyncIterator[HubSpotUnderTest]:
    clock = Clock()
    account = Account(now=clock.now, sleep=clock.sleep, seed=7, tier=tier)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(account)),
        base_url="http://hubspot.test",
        headers={"Authorization": f"Bearer {account.token}"},
    ) as http:
        yield HubSpotUnderTest(account, clock, http)


@pytest_asyncio.fixture
async def hubspot() -> AsyncIterator[HubSpotUnderTest]:
    """The account of a test that asks for it."""
    async with hubspot_under_test() as found:
        yield found


@contextmanager
def served(account: Account) -> Iterator[str]:
    """The account over a real socket; yields its address."""
    config = uvicorn.Config(create_app(account), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    sock = config.bind_socket()
    sock.listen()  # who connects before the server runs waits in the backlog
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([sock])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def rows(*properties: Json, traced: bool = True) -> Json:
    """Inputs of a batch create."""
    return {
        "inputs": [
            {"properties": each, **({"objectWriteTraceId": f"t{place}"} if traced else {})}
            for place, each in enumerate(properties)
        ]
    }


def codes(error: Json) -> list[tuple[str, str]]:
    """The codes of an error with the properties they are about."""
    return [(each["code"], each["context"]["propertyName"][0]) for each in error["errors"]]
