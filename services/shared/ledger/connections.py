"""The connected stores, ready to be called: their Admin APIs, with tokens kept in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

import httpx
import msgspec

from services.shared.contract.errors import OursToFixError, WorldAtFaultError
from services.shared.ledger import leases, stores
from services.shared.ledger.engine import Ledger
from services.shared.ledger.stores import Store, StoreState
from services.shared.ledger.vault import Vault
from services.shared.shopify.address import address_of
from services.shared.shopify.admin import Admin
from services.shared.shopify.tokens import (
    AdminToken,
    ClientCredentials,
    Credentials,
    Token,
    TokenSource,
)

_LEASE_MS = 30_000
_WAIT_SECONDS = 0.2
NEWER_SETTINGS = "newer_settings"
_UPGRADE_SECONDS = 15.0


def newer_settings() -> WorldAtFaultError:
    """What is to be done for a store needs a newer version, which an upgrade is bringing."""
    return WorldAtFaultError(NEWER_SETTINGS, retry_after=_UPGRADE_SECONDS)


class _KeptToken(msgspec.Struct, frozen=True):
    value: str
    obtained_at: datetime
    expires_at: datetime
    scopes: list[str]


class LedgerTokenStore:
    """A store's token, sealed in the ledger, renewed by one task of one process at a time."""

    def __init__(self, ledger: Ledger, vault: Vault, shop: str, instance: str) -> None:
        self._ledger = ledger
        self._vault = vault
        self._shop = shop
        self._owner = instance
        self._lock = asyncio.Lock()

    async def load(self) -> Token | None:
        """See ``TokenStore``."""
        async with self._ledger.transaction() as tx:
            known = await stores.connected(tx, self._vault)
        sealed = next((store.token for store in known if store.shop == self._shop), "")
        if not sealed:
            return None
        kept = msgspec.json.decode(sealed, type=_KeptToken)
        return Token(
            value=kept.value,
            obtained_at=kept.obtained_at,
            expires_at=kept.expires_at,
            scopes=frozenset(kept.scopes),
        )

    async def save(self, token: Token) -> None:
        """See ``TokenStore``."""
        kept = _KeptToken(token.value, token.obtained_at, token.expires_at, sorted(token.scopes))
        async with self._ledger.transaction() as tx:
            text = msgspec.json.encode(kept).decode()
            await stores.keep_token(tx, self._vault, self._shop, text)

    def renewing(self) -> AbstractAsyncContextManager[None]:
        """See ``TokenStore``."""
        return self._renewing()

    @asynccontextmanager
    async def _renewing(self) -> AsyncIterator[None]:
        name = f"token:{self._shop}"
        async with self._lock:
            # Another process renews: what it saves is what we are waiting for.
            while not await self._take(name):  # noqa: ASYNC110 - it tells us by the ledger only
                await asyncio.sleep(_WAIT_SECONDS)
            try:
                yield
            finally:
                async with self._ledger.transaction() as tx:
                    await leases.give_back(tx, name, self._owner)

    async def _take(self, name: str) -> bool:
        async with self._ledger.transaction() as tx:
            return await leases.take(tx, name, self._owner, _LEASE_MS) is not None


class Connections:
    """All connected stores. Call ``refresh`` to learn of changes."""

    def __init__(  # noqa: PLR0913 - all that a connection depends on
        self,
        ledger: Ledger,
        vault: Vault,
        http: httpx.AsyncClient,
        *,
        instance: str,
        now: Callable[[], datetime],
        base_url: str = "",
    ) -> None:
        self._ledger = ledger
        self._vault = vault
        self._http = http
        self._instance = instance
        self._now = now
        self._base_url = base_url
        self._stores: dict[str, Store] = {}
        self._admins: dict[str, Admin] = {}

    async def refresh(self) -> list[Store]:
        """The stores as the ledger has them now; changed credentials make a new connection."""
        async with self._ledger.transaction() as tx:
            found = {store.shop: store for store in await stores.connected(tx, self._vault)}
        for shop, store in found.items():
            before = self._stores.get(shop)
            if before and before.credentials != store.credentials:
                self._admins.pop(shop, None)
        self._stores = found
        return list(found.values())

    def active_shops(self) -> list[str]:
        """The shops we work for."""
        return [shop for shop, store in self._stores.items() if store.state is StoreState.ACTIVE]

    def is_newer(self, shop: str) -> bool:
        """Whether a newer version has set something for the shop that this one cannot read."""
        store = self._stores.get(shop)
        return store is not None and store.state is StoreState.NEWER

    def admin_of(self, shop: str) -> Admin:
        """The Admin API of a connected shop.

        Raises:
            OursToFixError: the shop is not connected, or was uninstalled.
            WorldAtFaultError: a newer version must do what is to be done for it.
        """
        store = self._stores.get(shop)
        if self.is_newer(shop):
            raise newer_settings()
        if store is None or store.state is not StoreState.ACTIVE:
            raise OursToFixError("store_not_connected")
        if shop not in self._admins:
            address = address_of(shop, self._base_url)
            self._admins[shop] = Admin(self._http, address, self._tokens(store))
        return self._admins[shop]

    def _tokens(self, store: Store) -> TokenSource:
        if store.credentials.admin_token:
            return AdminToken(store.credentials.admin_token)
        return ClientCredentials(
            self._http,
            address_of(store.shop, self._base_url),
            Credentials(
                client_id=store.credentials.client_id,
                client_secret=store.credentials.client_secret,
            ),
            store=LedgerTokenStore(self._ledger, self._vault, store.shop, self._instance),
            now=self._now,
        )
