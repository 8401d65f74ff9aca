"""What the ledger promises of secrets, scans and the account's schedule of calls."""

from __future__ import annotations

from itertools import pairwise

import pytest

from services.shared.contract.errors import OursToFixError
from services.shared.contract.keys import SourceKey
from services.shared.hubspot.pacing import Correction, Lane, NotYet, spacing
from services.shared.ledger import compliance, leases, links, stores, windows
from services.shared.ledger.compliance import ComplianceRequest
from services.shared.ledger.concerns import concern_of
from services.shared.ledger.engine import Ledger, statement
from services.shared.ledger.links import Link
from services.shared.ledger.quota import LedgerQuota
from services.shared.ledger.resealing import reseal
from services.shared.ledger.settlements import Settlement, settle
from services.shared.ledger.sources import Status
from services.shared.ledger.stores import ACCOUNT, StoreCredentials, StoreState
from services.shared.ledger.vault import Vault
from services.shared.ledger.windows import NewWindow, WindowState
from services.shared.shopify.compliance import Asked
from tests.support.virtual_time import START

SHOP = "acme.myshopify.com"
OLD, NEW = "the old passphrase", "the new passphrase"
REQUEST = ComplianceRequest(
    shop=SHOP, shopify_topic="customers/redact", delivery_id="d-1", body=b'{"email":"a@b.c"}'
)
_RAW = statement("SELECT credentials, token FROM stores")


def credentials(secret: str) -> StoreCredentials:
    return StoreCredentials(client_id="id", client_secret=secret)


async def connected(ledger: Ledger, vault: Vault, secret: str) -> bool:
    async with ledger.transaction() as tx:
        await stores.put_account(tx, vault, "hubspot-token")
        return await stores.connect(tx, vault, SHOP, credentials(secret))


async def test_no_secret_stands_in_the_ledger_as_it_is(ledger: Ledger) -> None:
    vault = Vault([OLD])
    await connected(ledger, vault, "a store's secret")
    async with ledger.transaction() as tx:
        await stores.keep_token(tx, vault, SHOP, "shpat_1")
        (row,) = await tx.run(_RAW)
        (store,) = await stores.connected(tx, vault)

    assert "secret" not in row.credentials
    assert "shpat" not in row.token
    assert (store.credentials.client_secret, store.token) == ("a store's secret", "shpat_1")


async def _with_every_secret(ledger: Ledger) -> None:
    old = Vault([OLD])
    await connected(ledger, old, "secret")
    async with ledger.transaction() as tx:
        await stores.keep_token(tx, old, SHOP, "shpat_1")
        await compliance.keep(tx, old, REQUEST)


async def test_before_anything_is_sealed_anew_the_old_key_opens_it(ledger: Ledger) -> None:
    await _with_every_secret(ledger)

    async with ledger.transaction() as tx:
        (store,) = await stores.connected(tx, Vault([NEW, OLD]))

    assert store.credentials.client_secret == "secret"


async def test_after_a_rotation_the_new_key_alone_opens_everything(ledger: Ledger) -> None:
    await _with_every_secret(ledger)

    assert await reseal(ledger, Vault([NEW, OLD])) == 4

    alone = Vault([NEW])
    async with ledger.transaction() as tx:
        (store,) = await stores.connected(tx, alone)
        (request,) = await tx.run(statement("SELECT body FROM requests"))
        assert await stores.account_token(tx, alone) == "hubspot-token"
        with pytest.raises(OursToFixError):
            await stores.connected(tx, Vault([OLD]))
    assert (store.credentials.client_secret, store.token) == ("secret", "shpat_1")
    assert alone.open(request.body) == REQUEST.body.decode()


async def test_sealing_anew_a_second_time_changes_nothing(ledger: Ledger) -> None:
    await _with_every_secret(ledger)
    await reseal(ledger, Vault([NEW, OLD]))

    assert await reseal(ledger, Vault([NEW, OLD])) == 0
    assert await reseal(ledger, Vault([NEW])) == 0


# As the runbook has it for a key that is lost for good.
_FORGET = (
    "UPDATE accounts SET credentials = ''",
    "UPDATE stores SET credentials = '', token = ''",
    "UPDATE requests SET body = ''",
)


async def test_when_a_key_is_lost_what_it_sealed_is_given_anew(ledger: Ledger) -> None:
    await _with_every_secret(ledger)
    async with ledger.transaction() as tx:
        for each in _FORGET:
            await tx.run(statement(each))
    vault = Vault([NEW])

    await reseal(ledger, vault)
    assert await connected(ledger, vault, "secret")

    async with ledger.transaction() as tx:
        (store,) = await stores.connected(tx, vault)
        (request,) = await compliance.standing(tx)
        opened = await compliance.opened(tx, vault, request.id)
    assert (store.credentials.client_secret, store.token) == ("secret", "")
    assert opened == (request, "")


async def test_where_a_key_is_missing_nothing_is_sealed_anew(ledger: Ledger) -> None:
    await _with_every_secret(ledger)
    async with ledger.transaction() as tx:
        before = await tx.run(_RAW)

    with pytest.raises(OursToFixError):
        await reseal(ledger, Vault([NEW]))

    async with ledger.transaction() as tx:
        assert await tx.run(_RAW) == before


def test_an_empty_passphrase_is_none() -> None:
    with pytest.raises(OursToFixError):
        Vault([""])


async def test_a_new_secret_keeps_the_one_before_and_taking_over_twice_is_once(
    ledger: Ledger,
) -> None:
    vault = Vault([OLD])
    assert await connected(ledger, vault, "first")
    assert not await connected(ledger, vault, "first")
    assert await connected(ledger, vault, "second")
    async with ledger.transaction() as tx:
        (store,) = await stores.connected(tx, vault)
        assert (store.credentials.client_secret, store.credentials.previous_secret) == (
            "second",
            "first",
        )
        assert await stores.switch(tx, SHOP, StoreState.UNINSTALLED)
        assert not await stores.switch(tx, SHOP, StoreState.UNINSTALLED)


async def test_a_compliance_request_is_kept_once_and_sealed(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        for _ in range(2):
            await compliance.keep(tx, Vault([OLD]), REQUEST)
        (kept,) = await compliance.standing(tx)
        (raw,) = await tx.run(statement("SELECT body FROM requests"))

    assert (kept.shop, kept.shopify_topic) == (REQUEST.shop, REQUEST.shopify_topic)
    assert "a@b.c" not in raw.body


async def test_a_request_is_done_once_and_leads_to_the_customer_and_what_is_linked_with_them(
    ledger: Ledger,
) -> None:
    customer, order = SourceKey(SHOP, "customers", "7"), SourceKey(SHOP, "orders", "5")
    link = Link(shop=SHOP, from_kind="orders", from_id="5", to_kind="customers", to_id="7")
    async with ledger.transaction() as tx:
        await compliance.keep(tx, Vault([OLD]), REQUEST)
        (kept,) = await compliance.standing(tx)
        await settle(
            tx,
            [
                Settlement(key=customer, status=Status.IN_SYNC, target_id="31"),
                Settlement(key=order, status=Status.IN_SYNC, target_id="51"),
            ],
        )
        await links.want_these(tx, [link])

        concern = await concern_of(tx, SHOP, Asked(customer_id="7"))
        first = await compliance.finish(tx, kept.id)
        again = await compliance.finish(tx, kept.id)

        assert await compliance.standing(tx) == []
        assert await compliance.finish(tx, kept.id + 1) is None
        assert await compliance.opened(tx, Vault([OLD]), kept.id + 1) is None
        found = await compliance.opened(tx, Vault([OLD]), kept.id)
    assert concern.contacts == ["31"]
    assert [(each.key, each.target_id) for each in concern.records] == [
        (customer, "31"),
        (order, "51"),
    ]
    assert first is not None
    assert again == (first[0], False)
    assert first[1]
    assert found == (first[0], REQUEST.body.decode())


async def test_slots_are_spaced_and_an_answer_corrects_them(ledger: Ledger) -> None:
    quota = LedgerQuota(ledger, ACCOUNT)
    await quota.correct(Correction(limit=11))
    drawn = [await quota.draw(Lane.LIVE) for _ in range(8)]
    granted = [slot for each in drawn if not isinstance(each, NotYet) for slot in each]
    schedule, _ = await quota.schedule()

    assert schedule.limit == 11
    assert any(isinstance(each, NotYet) for each in drawn), "no more than the horizon is given"
    assert [each.delay_seconds for each in granted] == sorted(e.delay_seconds for e in granted)
    await quota.correct(Correction(pause_seconds=30.0))
    paused = await quota.draw(Lane.LIVE)
    assert isinstance(paused, NotYet)
    assert paused.seconds > 20
    assert not paused.is_day_spent
    await quota.correct(Correction(pause_seconds=60.0, is_day_spent=True))
    told = await LedgerQuota(ledger, ACCOUNT).draw(Lane.LIVE)
    assert isinstance(told, NotYet)
    assert told.is_day_spent, "another process has it from the ledger"


async def test_slots_drawn_together_are_those_that_would_be_drawn_one_by_one(
    ledger: Ledger,
) -> None:
    quota = LedgerQuota(ledger, ACCOUNT)
    await quota.correct(Correction(limit=11))

    together = await quota.draw(Lane.LIVE, 8)

    assert not isinstance(together, NotYet)
    delays = [each.delay_seconds for each in together]
    steps = [later - first for first, later in pairwise(delays)]
    assert 2 < len(delays) < 8, "no more than the horizon is given"
    assert steps == pytest.approx([spacing(11)] * len(steps))
    assert isinstance(await quota.draw(Lane.LIVE), NotYet)


async def test_two_processes_draw_from_one_schedule(ledger: Ledger) -> None:
    one, two = LedgerQuota(ledger, ACCOUNT), LedgerQuota(ledger, ACCOUNT)
    delays = []
    for quota in (one, two, one, two):
        assert not isinstance(await quota.draw(Lane.LIVE), NotYet)
        before, now = await quota.schedule()
        delays.append(before.next_slot - now)

    assert delays == sorted(delays)
    assert delays[-1] > 0


def window(owner: str) -> NewWindow:
    return NewWindow(
        shop=SHOP, kind="orders", mode="scan", since=None, started_at=START, owner=owner
    )


async def test_a_scan_counts_only_when_it_was_read_to_its_end(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        broken = await windows.begin(tx, window("one"))
        assert await windows.last_complete(tx, SHOP, "orders") is None
        whole = await windows.begin(tx, window("two"))
        assert not await windows.end(tx, broken, WindowState.COMPLETE, read_=1, appended=0)
        assert await windows.end(tx, whole, WindowState.COMPLETE, read_=10, appended=2)
        last = await windows.last_complete(tx, SHOP, "orders")
        assert last is not None
        assert (last.id, last.started_at) == (whole, START)
        await windows.void(tx, "orders")

        assert await windows.last_complete(tx, SHOP, "orders") is None


async def test_a_lease_given_back_is_free_at_once(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        first = await leases.take(tx, "scan", "one", 60_000)
        await leases.give_back(tx, "scan", "two")
        assert await leases.take(tx, "scan", "two", 60_000) is None
        await leases.give_back(tx, "scan", "one")
        second = await leases.take(tx, "scan", "two", 60_000)

    assert (first, second) == (1, 2)


def test_credentials_are_not_printed_by_accident() -> None:
    secrets = {"client_secret": "s3cret", "previous_secret": "s3cret", "admin_token": "s3cret"}

    assert "s3cret" not in repr(StoreCredentials(client_id="id", **secrets))
