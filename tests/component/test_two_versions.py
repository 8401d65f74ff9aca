"""What a newer version wrote about a store waits at an older process; its neighbours do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from sandbox.shopify import actions, given
from services.cli.processes import LedgerStores
from services.shared.contract.errors import WorldAtFaultError
from services.shared.contract.keys import SourceKey
from services.shared.contract.records import Record, State
from services.shared.contract.versions import Version
from services.shared.ledger import causes, stores
from services.shared.ledger.connections import NEWER_SETTINGS, Connections
from services.shared.ledger.engine import Ledger, statement
from services.shared.ledger.stores import StoreCredentials, StoreState
from services.shared.ledger.vault import Vault
from services.shared.shopify.hydrating import Hydrator
from services.syncer.doubts import Doubts
from services.syncer.jobs import Job
from services.syncer.outcomes import Outcome
from tests.support.syncing import OTHER_SHOP, SHOP, Syncing, story

_VAULT = Vault(["a passphrase for two versions"])
_NEWER_SCHEMA = {
    "sqlite": statement("PRAGMA ignore_check_constraints = ON"),
    "postgresql": statement("ALTER TABLE stores DROP CONSTRAINT ck_stores_state"),
}
_SET = statement("UPDATE stores SET state = :state, credentials = :credentials WHERE shop = :shop")
_SWITCH = statement("UPDATE stores SET state = :state WHERE shop = :shop")
_WAITING = statement(
    "SELECT shop, reason FROM sources WHERE status = 'waiting' AND kind = 'orders'"
)


class NewerCredentials(StoreCredentials, frozen=True, kw_only=True, omit_defaults=True):
    """As a version to come may keep them."""

    private_key: str = ""


async def _both_stores(ledger: Ledger) -> None:
    """One store as we write it, one that a newer version has set."""
    newer = NewerCredentials(client_id="id", client_secret="secret", private_key="key")
    async with ledger.transaction() as tx:
        await stores.put_account(tx, _VAULT, "token")
        for shop in (SHOP, OTHER_SHOP):
            known = StoreCredentials(client_id="id", client_secret="secret")
            await stores.connect(tx, _VAULT, shop, known)
        await tx.run(_NEWER_SCHEMA[ledger.engine.dialect.name])
        sealed = _VAULT.seal(msgspec.json.encode(newer).decode())
        await tx.run(_SET, shop=OTHER_SHOP, state="in a holiday", credentials=sealed)


@pytest.fixture(name="connections")
def _connections(ledger: Ledger) -> Connections:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request)

    return Connections(
        ledger,
        _VAULT,
        httpx.AsyncClient(transport=httpx.MockTransport(never)),
        instance="older",
        now=lambda: datetime.now(UTC),
    )


async def test_a_store_that_a_newer_version_has_set_is_known_and_not_called(
    ledger: Ledger, connections: Connections
) -> None:
    await _both_stores(ledger)

    known = {each.shop: each for each in await connections.refresh()}

    assert known[OTHER_SHOP].state is StoreState.NEWER
    assert known[OTHER_SHOP].credentials == known[SHOP].credentials
    assert connections.active_shops() == [SHOP]
    connections.admin_of(SHOP)
    with pytest.raises(WorldAtFaultError, match=NEWER_SETTINGS):
        connections.admin_of(OTHER_SHOP)


async def test_deliveries_of_such_a_store_are_taken(ledger: Ledger) -> None:
    await _both_stores(ledger)

    taken = await LedgerStores(ledger, _VAULT).stores()

    assert {each.shop: each.secrets for each in taken} == {
        SHOP: (b"secret",),
        OTHER_SHOP: (b"secret",),
    }


async def test_a_start_of_an_older_process_leaves_what_it_cannot_read_alone(
    ledger: Ledger,
) -> None:
    await _both_stores(ledger)
    before = StoreCredentials(client_id="id", client_secret="secret")

    async with ledger.transaction() as tx:
        assert not await stores.connect(tx, _VAULT, OTHER_SHOP, before)
        row = (await tx.run(statement("SELECT state, credentials FROM stores ORDER BY shop")))[1]

    assert row.state == "in a holiday"
    assert msgspec.json.decode(_VAULT.open(row.credentials), type=NewerCredentials).private_key


async def test_its_records_wait_for_one_cause(ledger: Ledger, connections: Connections) -> None:
    await _both_stores(ledger)
    await connections.refresh()
    doubts = Doubts(ledger, Hydrator(connections.admin_of), connections.is_newer)
    version = Version(updated_at=datetime.now(UTC))
    sources = [SourceKey(OTHER_SHOP, "orders", str(each)) for each in (1, 2)]

    jobs = [
        # One whose event would be enough, and one that is to be read.
        Job(
            source=sources[0],
            state=State(record=Record(kind="orders", id="1", fields={}), version=version),
        ),
        Job(source=sources[1], hinted=True),
    ]
    found = await doubts.sort("orders", jobs, {})

    assert found.outcomes == dict.fromkeys(sources, Outcome.WAITING)
    async with ledger.transaction() as tx:
        (cause,) = await causes.open_causes(tx)
    assert (cause.shop, cause.reason) == (OTHER_SHOP, NEWER_SETTINGS)
    assert {each.cause_id for each in found.waits} == {cause.id}


async def _switched(world: Syncing, state: str) -> None:
    async with world.ledger.transaction() as tx:
        await tx.run(_NEWER_SCHEMA["sqlite"])
        await tx.run(_SWITCH, shop=OTHER_SHOP, state=state)
    await world.until(_is_seen(world, newer=state not in set(StoreState)))


def _is_seen(world: Syncing, *, newer: bool) -> Callable[[], bool]:
    return lambda: world.connections.is_newer(OTHER_SHOP) is newer


@story()
async def test_events_wait_at_an_older_process_and_go_on_with_one_that_can_read(
    world: Syncing,
) -> None:
    orders = {
        each.shop: given.order(each, lines=1)["id"] for each in (world.store, world.other_store)
    }
    await world.passes(60)
    await _switched(world, "in a holiday")
    before = _versions(world)

    for shop, order in orders.items():
        store = world.shopify.stores[shop]
        actions.edit_order(store, order, add=given.lines(store))
    await world.settled()

    after = _versions(world)
    assert after[SHOP] > before[SHOP]
    assert after[OTHER_SHOP] == before[OTHER_SHOP]
    async with world.ledger.transaction() as tx:
        assert [tuple(row) for row in await tx.run(_WAITING)] == [(OTHER_SHOP, NEWER_SETTINGS)]

    await _switched(world, StoreState.ACTIVE)
    await world.passes(60)

    assert _versions(world)[OTHER_SHOP] > before[OTHER_SHOP]


def _versions(world: Syncing) -> dict[str, str]:
    """Each store's one order, by when HubSpot says it was changed."""
    return {
        each["shopify_sync_key"].partition("/")[0]: each["hs_external_modified_date"]
        for each in world.shown("orders")
    }
