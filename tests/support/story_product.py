"""The parts of the product a story needs besides the syncer: credentials, and the way in."""

from prometheus_client import CollectorRegistry

from sandbox.shopify.shopify import Shopify
from services.ingest.__main__ import Surroundings, application
from services.ingest.metrics import Metrics
from services.ingest.settings import Settings
from services.ingest.stores import StoreSecrets, StoresInMemory
from services.shared.ledger import stores
from services.shared.ledger.engine import Ledger
from services.shared.ledger.stores import StoreCredentials
from services.shared.ledger.vault import Vault
from services.shared.log.sqlite import SqliteLog
from tests.support.running_ingest import StoresAtHand
from tests.support.virtual_time import virtual_now

VAULT = Vault(["a passphrase for stories"])


async def admit(ledger: Ledger, shopify: Shopify, hubspot_token: str) -> None:
    """Connect the account and every store."""
    async with ledger.transaction() as tx:
        await stores.put_account(tx, VAULT, hubspot_token)
        for store in shopify.stores.values():
            credentials = StoreCredentials(
                client_id=store.client_id, client_secret=store.client_secret
            )
            await stores.connect(tx, VAULT, store.shop, credentials)


def ingest(log: SqliteLog, shopify: Shopify) -> object:
    """The application that takes the stores' webhooks in."""
    known = StoresInMemory()
    known.replace(
        [
            StoreSecrets(shop=store.shop, secrets=(store.client_secret.encode(),))
            for store in shopify.stores.values()
        ]
    )
    registry = CollectorRegistry()
    at_hand = StoresAtHand(known=None, kept=None)
    surroundings = Surroundings(
        appender=log,
        writable=log.is_writable,
        store_source=at_hand,
        store_copy=at_hand,
        registry=registry,
        clock=virtual_now,
    )
    return application(Settings(), surroundings, known, Metrics(registry))
