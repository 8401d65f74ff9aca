"""What a first sync says it would do, beside what it then does."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from sandbox.shopify import actions, given
from services.cli import first_sync
from services.cli.agreements import agreed_since, floor_of, record_agreement, unconfirmed
from services.cli.answering import UndecidedError
from services.cli.engines import RECONCILER, SYNCER, Engines
from services.cli.previewing import previewed
from services.cli.processes import run_on
from services.cli.watching import snapshot
from services.shared.contract.topics import ObjectType
from services.syncer.forecasting import Fate, Line
from tests.support.both_vendors import OTHER, SHOP, BothVendors

OBJECTS = ("contacts", "products", "orders", "carts")


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def filled() -> BothVendors:
    """Two stores and an account that knows a part of them."""
    world = BothVendors()
    world.behind = timedelta(days=30)
    ana = given.customer(world.store, email="Ana@example.com")
    given.customer(world.store, email="bob@example.com")
    given.customer(world.other, email="ana@example.com")
    given.customer(world.other, email=None, phone="+34600000002")
    mug = given.product(world.store, variants=3)
    given.product(world.other, variants=120)
    lines = [{"variant_id": mug["variants"][0]["id"], "quantity": 2}]
    adopted = given.order(world.store, lines=lines, customer=ana)
    known = given.order(world.store, lines=lines, customer=ana)
    given.order(world.store, lines=1, email="guest@example.com", guest=True)
    given.order(world.store, lines=1, email="known-guest@example.com", guest=True)
    given.order(world.other, lines=1, phone="+34600000000", guest=True)
    actions.complete_checkout(world.store, given.checkout(world.store, lines=1)["id"])
    left = given.checkout(world.store, lines=lines, customer=ana)
    world.behind = timedelta()
    given.checkout(world.store, lines=1, customer=ana)

    await world.made("contacts", email="ana@example.com")
    await world.made("contacts", email="known-guest@example.com")
    await world.made("contacts", email="stranger@example.com")
    await world.made(
        "orders", hs_external_order_id=str(adopted["id"]), hs_source_store=world.store.shop
    )
    await world.made("carts", hs_external_cart_id=str(left["id"]), hs_source_store=SHOP)
    await _give_key(world, "orders", f"{SHOP}/{known['id']}")
    return world


async def _give_key(world: BothVendors, object_type: str, key: str) -> None:
    definition = {
        "name": "shopify_sync_key",
        "label": "Shopify sync key",
        "type": "string",
        "fieldType": "text",
        "groupName": "shopify",
        "hasUniqueValue": True,
    }
    async with world.client() as http:
        group = {"name": "shopify", "label": "Shopify", "displayOrder": -1}
        await http.post(f"/crm/properties/2026-09/{object_type}/groups", json=group)
        answer = await http.post(f"/crm/properties/2026-09/{object_type}", json=definition)
        assert answer.status_code == 201, answer.text
    await world.made(object_type, shopify_sync_key=key)


async def forecast(base: Engines, since: date | None = None) -> Mapping[tuple[str, str], Line]:
    preview = await previewed(base, [SHOP, OTHER], floor_of(since), lambda *_: None)
    assert preview.cut_short == []
    return preview.forecast.lines


def total(lines: Mapping[tuple[str, str], Line], object_type: str, fate: Fate) -> int:
    return sum(line.fates[fate] for (_, name), line in lines.items() if name == object_type)


async def synced(base: Engines) -> None:
    """Run syncer and reconciler until nothing is left to do."""
    stopping = asyncio.Event()
    running = asyncio.create_task(run_on(base, frozenset({SYNCER, RECONCILER}), stopping))
    try:
        async with asyncio.timeout(90):
            while True:
                seen = await snapshot(base.settings)
                if seen.windows == 8 and seen.is_calm:
                    break
                await asyncio.sleep(0.2)
    finally:
        stopping.set()
        await running


@pytest.mark.slow
async def test_what_is_forecast_is_what_happens(tmp_path: Path) -> None:
    world = await filled()
    before = {each: world.there(each) for each in OBJECTS}
    versions = {
        (each, record.id): record.updated_at
        for each in OBJECTS
        for record in world.account.records[each].by_id.values()
    }
    async with world.engines(tmp_path) as base:
        lines = await forecast(base)
        assert {each: world.there(each) for each in OBJECTS} == before, "counting writes nothing"
        await synced(base)

    for each in OBJECTS:
        made = world.there(each) - before[each]
        touched = {
            record_id
            for record_id in before[each]
            if world.account.records[each].by_id[record_id].updated_at != versions[each, record_id]
        }
        assert len(made) == total(lines, each, Fate.CREATE), each
        taken_over = total(lines, each, Fate.ADOPT) + total(lines, each, Fate.UPDATE)
        assert len(touched) == taken_over, each


async def test_every_fate_is_told_apart(tmp_path: Path) -> None:
    world = await filled()
    async with world.engines(tmp_path) as base:
        lines = await forecast(base)

    contacts = lines[SHOP, "contacts"]
    assert contacts.fates == {Fate.ADOPT: 1, Fate.CREATE: 3}
    assert contacts.guests == 1
    assert lines[OTHER, "contacts"].fates == {Fate.SHARE: 1, Fate.EXCLUDE: 1}
    assert lines[OTHER, "contacts"].reasons == {"no_email": 1}
    assert lines[SHOP, "orders"].fates[Fate.ADOPT] == 1
    assert lines[SHOP, "orders"].fates[Fate.UPDATE] == 1
    assert lines[OTHER, "products"].fates[Fate.CREATE] >= 120
    assert lines[SHOP, "carts"].fates[Fate.ADOPT] == 1
    assert lines[SHOP, "carts"].reasons == {"completed": 1, "not_yet_abandoned": 1}


async def test_a_limit_in_time_leaves_older_records_out(tmp_path: Path) -> None:
    world = await filled()
    async with world.engines(tmp_path) as base:
        lines = await forecast(base, since=world.now().date() - timedelta(days=2))

    assert {name for _, name in lines} == {"carts"}
    assert lines[SHOP, "carts"].fates == {Fate.EXCLUDE: 1}


async def test_nobody_there_to_agree_means_that_nothing_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = BothVendors()
    given.customer(world.store, email="ana@example.com")
    async with world.engines(tmp_path) as base:
        with pytest.raises(UndecidedError, match="--yes"):
            await first_sync.agree(base, yes=False)
        assert "contacts" in capsys.readouterr().out
        assert world.there("contacts") == set()
        assert await unconfirmed(base.ledger, [SHOP]) == [SHOP]


async def test_an_agreement_is_remembered_with_how_far_back_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = BothVendors()
    async with world.engines(tmp_path, since=date(2026, 1, 2)) as base:
        await first_sync.agree(base, yes=True)
        capsys.readouterr()
        await first_sync.agree(base, yes=False)
        assert capsys.readouterr().out == ""
        assert await agreed_since(base.ledger, [SHOP, OTHER]) == date(2026, 1, 2)


async def test_what_follows_an_agreement_is_told_as_it_gets_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    world = await filled()
    async with world.engines(tmp_path) as base:
        await first_sync.agree(base, yes=True)
        assert "The first sync begins" in capsys.readouterr().out
        await synced(base)
    told = [each for each in caplog.records if getattr(each, "action", "") == "progress"]
    facts = [vars(each) for each in told if "history read" in each.getMessage()]
    read = {(each["shop"], each["kind"]) for each in facts}
    assert read == {(shop, kind) for shop in (SHOP, OTHER) for kind in ObjectType}


async def test_who_cannot_be_reached_is_named_while_it_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = BothVendors()
    async with world.engines(tmp_path) as base:
        unreachable = asyncio.Event()

        async def refuse(request: httpx.Request) -> httpx.Response:
            unreachable.set()
            raise httpx.ConnectError("secret", request=request)

        world.transport.transports["hubspot.test"] = httpx.MockTransport(refuse)
        agreeing = asyncio.create_task(first_sync.agree(base, yes=True))
        await unreachable.wait()
        said = ""
        async with asyncio.timeout(60):
            while "Not now" not in said:
                said += capsys.readouterr().out
                await asyncio.sleep(0.05)
        agreeing.cancel()
        assert "hubspot.test does not answer (network_ConnectError)" in said
        assert "secret" not in said


async def test_a_store_connected_later_is_asked_about_by_itself(tmp_path: Path) -> None:
    world = BothVendors()
    async with world.engines(tmp_path) as base:
        await record_agreement(base.ledger, [SHOP], None)
        assert await unconfirmed(base.ledger, [SHOP, OTHER]) == [OTHER]
        assert await agreed_since(base.ledger, [SHOP, OTHER]) is None
