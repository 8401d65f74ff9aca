"""What the environment names is connected at every start."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.cli.admitting import admit
from services.cli.engines import engines
from services.cli.settings import Settings
from services.shared.ledger import stores
from services.shared.ledger.engine import Ledger, opened
from services.shared.ledger.migrating import migrate
from services.shared.ledger.stores import StoreState
from services.shared.ledger.vault import Vault

KEY = "a-key-of-a-length"
VAULT = Vault([KEY])
SHOP = "acme.myshopify.com"


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        await migrate(ledger)
        yield ledger


def naming(*, secret: str = "hush-hush") -> Settings:
    store = {"shop": SHOP, "client_id": "id", "client_secret": secret}
    given = {"encryption_key": KEY, "hubspot_token": "pat-1", "stores": [store]}
    return Settings.model_validate(given)


async def states(ledger: Ledger) -> dict[str, StoreState]:
    async with ledger.transaction() as tx:
        return {each.shop: each.state for each in await stores.connected(tx, VAULT)}


async def switch(ledger: Ledger, state: StoreState) -> None:
    async with ledger.transaction() as tx:
        assert await stores.switch(tx, SHOP, state)


async def test_a_store_that_was_installed_anew_is_switched_on_at_the_next_start(
    ledger: Ledger,
) -> None:
    await admit(ledger, VAULT, naming())
    await switch(ledger, StoreState.UNINSTALLED)

    await admit(ledger, VAULT, naming())

    assert await states(ledger) == {SHOP: StoreState.ACTIVE}


async def test_a_store_that_people_switched_off_stays_off(ledger: Ledger) -> None:
    await admit(ledger, VAULT, naming())
    await switch(ledger, StoreState.OFF)

    await admit(ledger, VAULT, naming(secret="another"))

    assert await states(ledger) == {SHOP: StoreState.OFF}


async def test_nobody_else_may_look_at_what_is_kept(tmp_path: Path) -> None:
    settings = naming().model_copy(update={"data_dir": tmp_path / "data"})

    async with engines(settings):
        pass

    assert (settings.data_dir / "log.sqlite").is_file()
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700


async def test_a_start_with_a_new_key_first_makes_the_old_one_superfluous(tmp_path: Path) -> None:
    settings = naming().model_copy(update={"data_dir": tmp_path / "data"})
    async with engines(settings):
        pass
    for keys in (f"a-new-key-of-length,{KEY}", "a-new-key-of-length"):
        rotated = settings.model_copy(update={"encryption_key": SecretStr(keys)})
        async with engines(rotated) as around, around.ledger.transaction() as tx:
            (store,) = await stores.connected(tx, around.vault)

    assert store.credentials.client_secret == "hush-hush"
