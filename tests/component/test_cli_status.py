"""``shopsync status`` beside a product that does not get on."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.samples import Sample
from typer.testing import CliRunner, Result

from services.cli.__main__ import app
from services.cli.agreements import record_agreement
from services.cli.engines import RECONCILER, SYNCER, Engines
from services.cli.places import PREFIX
from services.cli.processes import run_on
from services.reconciler import metrics as reconciler_metrics
from services.reconciler.measuring import measure
from services.shared.contract.topics import ObjectType
from services.shared.ledger import troubles, windows
from services.shared.ledger.causes import open_causes
from services.shared.ledger.measures import last_scans
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
            assert "HubSpot" in result.output
            assert "SHOPSYNC_HUBSPOT_TOKEN" in result.output


@asynccontextmanager
async def _scanned_by(world: BothVendors, folder: Path) -> AsyncIterator[Engines]:
    """A reconciler that scans every second while the block runs."""
    async with world.engines(folder, scan_every=1.0) as base:
        await record_agreement(base.ledger, [SHOP, OTHER], None)
        stopping = asyncio.Event()
        running = asyncio.create_task(run_on(base, frozenset({RECONCILER}), stopping))
        yield base
        stopping.set()
        await running


async def _until_barred(base: Engines, wanted: list[tuple[str, str, str]]) -> None:
    async with asyncio.timeout(60):
        while True:
            async with base.ledger.transaction() as tx:
                met = await troubles.standing(tx)
                begun = await windows.begun(tx)
            if [(each.shop, each.kind, each.reason) for each in met] == wanted and OTHER in begun:
                return
            await asyncio.sleep(0.05)


async def _seen(*arguments: str) -> Mapping[str, Any]:
    result = await asyncio.to_thread(CliRunner().invoke, app, ["status", "--json", *arguments])
    return dict(json.loads(result.stdout))


def _barred() -> list[Sample]:
    return [sample for metric in reconciler_metrics.BARRED.collect() for sample in metric.samples]


async def test_a_store_that_refuses_its_credentials_is_named_with_since_when_and_what_to_do(
    tmp_path: Path,
) -> None:
    world = BothVendors()
    world.store.credentials_permitted = False
    world.store.tokens.clear()
    async with _scanned_by(world, tmp_path) as base:
        await _until_barred(base, [(SHOP, "", "credentials_refused")])
        (trouble,) = (await _seen())["troubles"]
        told = await asyncio.to_thread(status, code=1)
        assert f"{SHOP}: Shopify refuses its client ID and secret (credentials_refused" in (
            told.stdout
        )
        assert f"since {trouble['since'][:16].replace('T', ' ')} UTC" in told.stdout
        await measure(base.ledger)
        (sample,) = _barred()
        assert sample.labels == {"shop": SHOP, "kind": "all", "reason": "credentials_refused"}
        assert sample.value == pytest.approx(trouble["age_seconds"], abs=30)
        assert "SHOPSYNC_CLIENT_ID" in told.stdout
        assert "is a reconciler running?" not in told.stdout

        world.store.credentials_permitted = True
        await _until_barred(base, [])
        await measure(base.ledger)
        assert _barred() == []


async def test_an_object_that_may_not_be_read_bars_no_other_of_its_store(tmp_path: Path) -> None:
    world = BothVendors()
    scopes = world.store.scopes
    world.store.scopes = tuple(each for each in scopes if "customer" not in each)
    async with _scanned_by(world, tmp_path) as base:
        await _until_barred(base, [(SHOP, "customers", "access_denied")])
        seen = await _seen()
        assert {each["kind"] for each in seen["scans"] if each["shop"] == SHOP} == {
            "products",
            "orders",
            "checkouts",
        }
        assert f"{SHOP} customers" in {each["subject"] for each in seen["findings"]}

        world.store.scopes = scopes
        await _until_barred(base, [])


async def test_a_trouble_that_lasts_is_as_old_as_when_it_was_met_first(tmp_path: Path) -> None:
    world = BothVendors()
    world.store.frozen = True
    async with _scanned_by(world, tmp_path) as base:
        await _until_barred(base, [(SHOP, "", "store_frozen")])
        (first,) = (await _seen())["troubles"]
        await _completed(base, OTHER, 3)
        (later,) = (await _seen())["troubles"]
        assert later["since"] == first["since"]
        assert later["age_seconds"] > first["age_seconds"]


async def _completed(base: Engines, shop: str, times: int) -> None:
    """Wait until a store has been scanned so many times."""
    seen: set[datetime] = set()
    async with asyncio.timeout(60):
        while len(seen) < times:
            async with base.ledger.transaction() as tx:
                seen |= {each.started_at for each in await last_scans(tx) if each.shop == shop}
            await asyncio.sleep(0.05)
