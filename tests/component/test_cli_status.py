"""``shopsync status`` beside a product that does not get on."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.__main__ import app
from services.cli.agreements import record_agreement
from services.cli.engines import SYNCER, Engines
from services.cli.places import PREFIX
from services.cli.processes import run_on
from services.shared.contract.topics import ObjectType
from services.shared.ledger import windows
from services.shared.ledger.causes import open_causes
from services.shared.ledger.windows import NewWindow, WindowState
from tests.support.both_vendors import OTHER, SHOP, BothVendors


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(tmp_path))


def status(*arguments: str, code: int) -> Result:
    result = CliRunner().invoke(app, ["status", *arguments])
    assert result.exit_code == code, result.output
    return result


def found(code: int) -> list[Mapping[str, Any]]:
    return list(json.loads(status("--json", code=code).stdout)["findings"])


async def _scanned(base: Engines, kinds: Mapping[ObjectType, WindowState], age: timedelta) -> None:
    async with base.ledger.transaction() as tx:
        for shop in (SHOP, OTHER):
            for kind, state in kinds.items():
                new = NewWindow(
                    shop=shop,
                    kind=kind,
                    mode="backfill",
                    since=None,
                    started_at=datetime.now(UTC) - age,
                    owner="a-process",
                )
                await windows.end(tx, await windows.begin(tx, new), state, read_=1, appended=1)


def lived(
    folder: Path, kinds: Mapping[ObjectType, WindowState], age: timedelta = timedelta()
) -> None:
    """A product that agreed to its first sync, scanned, and is gone."""

    async def live() -> None:
        async with BothVendors().engines(folder) as base:
            await record_agreement(base.ledger, [SHOP, OTHER], None)
            await _scanned(base, kinds, age)

    asyncio.run(live())


async def _until_open(base: Engines, wanted: list[tuple[str, str]]) -> None:
    while True:
        async with base.ledger.transaction() as tx:
            if [(each.shop, each.reason) for each in await open_causes(tx)] == wanted:
                return
        await asyncio.sleep(0.05)


def test_a_first_sync_nobody_agreed_to_is_told_of_every_store(tmp_path: Path) -> None:
    async def opened() -> None:
        async with BothVendors().engines(tmp_path):
            pass

    asyncio.run(opened())
    assert [each["subject"] for each in found(1)] == [SHOP, OTHER]
    said = status(code=1).output
    assert SHOP in said
    assert "awaits consent" in said
    assert "every event is settled" not in said


def test_a_first_sync_that_was_broken_off_is_told_by_store_and_object(tmp_path: Path) -> None:
    lived(
        tmp_path,
        {ObjectType.CUSTOMERS: WindowState.COMPLETE, ObjectType.PRODUCTS: WindowState.BROKEN},
    )
    kinds = ("products", "orders", "checkouts")
    assert [each["subject"] for each in found(1)] == [
        f"{s} {k}" for s in (SHOP, OTHER) for k in kinds
    ]
    assert "first sync not complete" in status(code=1).output


def test_a_product_that_nobody_runs_any_more_is_told_from_one_that_rests(tmp_path: Path) -> None:
    everything = dict.fromkeys(ObjectType, WindowState.COMPLETE)
    lived(tmp_path, everything, timedelta(hours=2))
    assert "is a reconciler running?" in status(code=1).output
    lived(tmp_path, everything)
    said = status(code=0).output
    assert "every event is settled" in said
    assert "brought 1" in said
    assert "missing" not in said


async def test_a_token_refused_from_the_start_is_told_until_it_is_taken(tmp_path: Path) -> None:
    world = BothVendors()
    for token, wanted in (("revoked", [("*", "token_refused")]), (world.account.token, [])):
        async with world.engines(tmp_path, hubspot_token=token) as base:
            stopping = asyncio.Event()
            running = asyncio.create_task(run_on(base, frozenset({SYNCER}), stopping))
            async with asyncio.timeout(60):
                await _until_open(base, wanted)
            stopping.set()
            await running
        if wanted:
            result = await asyncio.to_thread(status, code=1)
            assert "token_refused" in result.output
