"""An installation as the product leaves it, and the commands run beside it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.__main__ import app
from services.shared.contract.events import Change, NewEvent, Origin, Provenance, headers_of
from services.shared.contract.keys import SourceKey
from services.shared.ledger import stores
from services.shared.ledger.engine import opened
from services.shared.ledger.migrating import migrate
from services.shared.ledger.settlements import Settlement, settle
from services.shared.ledger.sources import Status
from services.shared.ledger.stores import StoreCredentials
from services.shared.ledger.vault import Vault
from services.shared.log.sqlite import SqliteLog

SHOP = "acme.myshopify.com"
ORDER = SourceKey(SHOP, "orders", "5001")
LINE = SourceKey(SHOP, "line_items", "7001")
GONE = SourceKey(SHOP, "orders", "5002")
FINE = SourceKey(SHOP, "orders", "5003")
ROWS = (
    Settlement(
        key=ORDER,
        status=Status.EXCLUDED,
        reason="archived_in_hubspot",
        target_id="91",
        label="#1001",
    ),
    Settlement(
        key=LINE,
        status=Status.EXCLUDED,
        reason="archived_in_hubspot",
        target_id="92",
        parent_id="5001",
    ),
    Settlement(key=GONE, status=Status.DELETED, reason="deleted_in_shopify"),
    Settlement(key=FINE, status=Status.IN_SYNC, target_id="93"),
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result


def answer(*arguments: str, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code).stdout)


def url(data: Path) -> str:
    return f"sqlite+aiosqlite:///{data / 'ledger.sqlite'}"


def filled(data: Path, rows: Sequence[Settlement] = ROWS) -> None:
    async def fill() -> None:
        async with opened(url(data)) as ledger:
            await migrate(ledger)
            async with ledger.transaction() as tx:
                await settle(tx, rows)

    asyncio.run(fill())


def connected(data: Path) -> None:
    async def connect() -> None:
        vault = Vault(["a-key-long-enough"])
        async with opened(url(data)) as ledger, ledger.transaction() as tx:
            await stores.put_account(tx, vault, "token")
            await stores.connect(tx, vault, SHOP, StoreCredentials(admin_token="shpat"))

    asyncio.run(connect())


def dead(data: Path, body: bytes = b'{"email": "ada@example.com"}') -> None:
    told = Provenance(
        shop=SHOP, origin=Origin.WEBHOOK, change=Change.STATE, shopify_topic="orders/create"
    )
    headers = headers_of(told) | {"dead-reason": "not_json", "dead-position": "0/7"}

    async def append() -> None:
        async with SqliteLog.open(data / "log.sqlite") as log:
            event = NewEvent(
                topic="shopify.orders.dead", key=str(ORDER), value=body, headers=headers
            )
            await log.append([event])

    asyncio.run(append())


def live(data: Path, count: int) -> None:
    told = Provenance(
        shop=SHOP, origin=Origin.WEBHOOK, change=Change.STATE, shopify_topic="orders/create"
    )
    event = NewEvent(topic="shopify.orders", key=str(ORDER), value=b"{}", headers=headers_of(told))

    async def append() -> None:
        async with SqliteLog.open(data / "log.sqlite") as log:
            await log.append([event] * count)

    asyncio.run(append())


def on_the_log(data: Path, topic: str) -> list[dict[str, str]]:
    with sqlite3.connect(data / "log.sqlite") as file:
        found = file.execute(
            "SELECT e.headers FROM events AS e, partitions AS p WHERE p.topic = ? "
            "AND (e.id >> 40) = p.id",
            (topic,),
        ).fetchall()
    file.close()
    return [json.loads(row[0]) for row in found]
