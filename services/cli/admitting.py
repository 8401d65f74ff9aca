"""Takes the credentials of the environment over into the ledger; safe to repeat."""

from __future__ import annotations

from services.cli.settings import Settings
from services.shared.ledger import notes, stores
from services.shared.ledger.engine import Ledger
from services.shared.ledger.stores import StoreCredentials, StoreState
from services.shared.ledger.vault import Vault


async def admit(ledger: Ledger, vault: Vault, settings: Settings) -> None:
    """Connect the account and the stores that ``settings`` name.

    A store that was uninstalled is switched on again: who names it wants it, and installed it anew.

    Raises:
        OursToFixError: the ledger is sealed with another key.
        WorldAtFaultError: the ledger is not there.
    """
    async with ledger.transaction() as tx:
        await stores.put_account(tx, vault, settings.hubspot_token.get_secret_value())
        known = {each.shop: each.state for each in await stores.connected(tx, vault)}
        for store in settings.stores:
            credentials = StoreCredentials(
                client_id=store.client_id,
                client_secret=store.client_secret.get_secret_value(),
                previous_secret=store.previous_secret.get_secret_value(),
                admin_token=store.admin_token.get_secret_value(),
            )
            if await stores.connect(tx, vault, store.shop, credentials):
                await notes.audit(tx, "connected", store.shop)
            if known.get(store.shop) is StoreState.UNINSTALLED:
                await stores.switch(tx, store.shop, StoreState.ACTIVE)
                await notes.audit(tx, "switched_on", store.shop)
