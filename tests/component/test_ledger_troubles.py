"""What bars stores, in the ledger: on both engines."""

from __future__ import annotations

from services.shared.ledger import stores, troubles
from services.shared.ledger.engine import Ledger
from services.shared.ledger.stores import StoreCredentials, StoreState
from services.shared.ledger.troubles import EVERY_KIND, NewTrouble
from services.shared.ledger.vault import Vault
from tests.support.ledgers import aged

SHOP = "acme.myshopify.com"
REFUSED = NewTrouble(shop=SHOP, reason="token_refused", is_ours=True)
DENIED = NewTrouble(
    shop=SHOP, kind="orders", reason="access_denied", detail="read_orders", is_ours=True
)


async def _connected(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await stores.put_account(tx, Vault(["a passphrase"]), "it")
        await stores.connect(tx, Vault(["a passphrase"]), SHOP, StoreCredentials(admin_token="it"))


async def test_each_object_has_its_own_trouble_until_it_is_cleared(ledger: Ledger) -> None:
    await _connected(ledger)
    async with ledger.transaction() as tx:
        await troubles.note(tx, REFUSED)
        await troubles.note(tx, DENIED)
        met = [(each.kind, each.reason, each.detail) for each in await troubles.standing(tx)]
        assert met == [("", "token_refused", ""), ("orders", "access_denied", "read_orders")]
        await troubles.clear(tx, SHOP, [EVERY_KIND])
        assert [each.kind for each in await troubles.standing(tx)] == ["orders"]


async def test_the_same_trouble_keeps_its_age_and_another_one_begins_anew(ledger: Ledger) -> None:
    await _connected(ledger)
    async with ledger.transaction() as tx:
        await troubles.note(tx, REFUSED)
        await aged(tx, 60_000)
        await troubles.note(tx, REFUSED)
    (same,) = await _standing(ledger)
    assert same.age_seconds >= 60
    async with ledger.transaction() as tx:
        await troubles.note(tx, NewTrouble(shop=SHOP, reason="store_frozen", is_ours=False))
    (other,) = await _standing(ledger)
    assert other.reason == "store_frozen"
    assert other.age_seconds < 60


async def test_a_store_that_was_uninstalled_troubles_nobody(ledger: Ledger) -> None:
    await _connected(ledger)
    async with ledger.transaction() as tx:
        await troubles.note(tx, REFUSED)
        await stores.switch(tx, SHOP, StoreState.UNINSTALLED)
    assert await _standing(ledger) == []


async def _standing(ledger: Ledger) -> list[troubles.Trouble]:
    async with ledger.transaction() as tx:
        return await troubles.standing(tx)
