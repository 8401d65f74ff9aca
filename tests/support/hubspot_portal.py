"""The HubSpot simulator in process, with the product's client and writer on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app
from sandbox.hubspot.faults import Fault
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.rows import Row
from services.shared.runtime.retrying import Patience
from services.syncer.writing import Writer
from tests.support.virtual_time import in_virtual_time

EPOCH = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Portal:
    """An account, its client, and a writer whose slots are counted."""

    def __init__(self) -> None:
        clock = asyncio.get_running_loop().time
        self.account = Account(now=lambda: EPOCH + timedelta(seconds=clock()))
        self.account.quota.lifted = True
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(self.account)))
        self.hubspot = self.client(self.account.token)
        self.slots = 0
        self.writer = Writer(self.hubspot, self.slot, patience=Patience(chance=lambda: 0.5))

    def client(self, token: str) -> HubSpot:
        return HubSpot(self.http, lambda: token, base_url="http://hubspot.test")

    async def slot(self) -> None:
        self.slots += 1

    def strike(self, kind: str, **said: Any) -> None:
        self.account.faults = [Fault(kind=kind, count=1, **said)]

    def emails(self) -> set[str]:
        return {
            record.properties["email"] for record in self.account.records["contacts"].by_id.values()
        }

    @property
    def calls(self) -> int:
        return self.account.calls.total()


Scene = Callable[[Portal], Awaitable[None]]


def played(scene: Scene) -> None:
    """Run a scene with a fresh account, in virtual time."""

    async def main() -> None:
        await scene(Portal())

    in_virtual_time(main())


def created(number: int) -> Row:
    """The row that makes a contact of a person."""
    return Row(trace=f"t{number}", properties={"email": f"person{number}@example.com"})
