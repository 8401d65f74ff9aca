"""The connected stores and the account they are synced to, their secrets sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.vault import Vault

ACCOUNT = 1


class StoreState(StrEnum):
    """Whether we work for a store."""

    ACTIVE = "active"
    UNINSTALLED = "uninstalled"
    OFF = "off"
    # Never written: what a newer version wrote, and this one cannot know the meaning of.
    NEWER = "newer"

    @classmethod
    def _missing_(cls, value: object) -> StoreState:  # noqa: ARG003 - whatever it says
        return cls.NEWER


class StoreCredentials(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How we prove who we are to a store, and how it does to us."""

    client_id: str = ""
    client_secret: str = ""
    previous_secret: str = ""
    admin_token: str = ""

    def __repr__(self) -> str:
        """Nothing that is secret: what is printed by accident ends in logs."""
        return f"StoreCredentials(client_id={self.client_id!r}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A connected shop."""

    shop: str
    state: StoreState
    credentials: StoreCredentials = field(repr=False)
    token: str = field(default="", repr=False)


_ALL = statement(
    "SELECT shop, state, credentials, token FROM stores WHERE credentials <> '' ORDER BY shop"
)
_NAMES = statement("SELECT shop FROM stores ORDER BY shop")
_STATES = statement("SELECT shop, state FROM stores ORDER BY shop")
_PUT_ACCOUNT = statement(
    """
    INSERT INTO accounts (id, credentials, created_at) VALUES (:id, :credentials, {now})
    ON CONFLICT (id) DO UPDATE SET credentials = excluded.credentials
    """
)
_GET_ACCOUNT = statement("SELECT credentials FROM accounts WHERE id = :id")
_PUT = statement(
    """
    INSERT INTO stores (shop, account_id, credentials, created_at, changed_at)
    VALUES (:shop, :account, :credentials, {now}, {now})
    ON CONFLICT (shop) DO UPDATE SET credentials = excluded.credentials, changed_at = {now}
    """
)
_SWITCH = statement(
    "UPDATE stores SET state = :state, changed_at = {now} WHERE shop = :shop AND state <> :state"
    " RETURNING shop"
)
_PUT_TOKEN = statement("UPDATE stores SET token = :token WHERE shop = :shop")


async def connected(tx: Transaction, vault: Vault) -> list[Store]:
    """Every store we know and have credentials of, in order of its name."""
    return [
        Store(
            shop=row.shop,
            state=StoreState(row.state),
            credentials=msgspec.json.decode(vault.open(row.credentials), type=StoreCredentials),
            token=vault.open(row.token),
        )
        for row in await tx.run(_ALL)
    ]


async def names(tx: Transaction) -> list[str]:
    """The hosts of every store we know, without their secrets."""
    return [row.shop for row in await tx.run(_NAMES)]


async def states(tx: Transaction) -> dict[str, StoreState]:
    """Whether we work for each store we know, without their secrets."""
    return {row.shop: StoreState(row.state) for row in await tx.run(_STATES)}


async def connect(tx: Transaction, vault: Vault, shop: str, credentials: StoreCredentials) -> bool:
    """Take over a store's credentials; whether anything changed. Safe to repeat.

    A new secret keeps the one before as the previous one, so that webhooks signed with it hold.
    """
    known = {store.shop: store for store in await connected(tx, vault)}
    before = known[shop].credentials if shop in known else None
    if before and not credentials.previous_secret:
        replaced = before.client_secret not in ("", credentials.client_secret)
        kept = before.client_secret if replaced else before.previous_secret
        credentials = msgspec.structs.replace(credentials, previous_secret=kept)
    if before == credentials:
        return False
    sealed = vault.seal(msgspec.json.encode(credentials).decode())
    await tx.run(_PUT, shop=shop, account=ACCOUNT, credentials=sealed)
    return True


async def switch(tx: Transaction, shop: str, state: StoreState) -> bool:
    """Put a store into ``state``; whether it was in another."""
    return bool(await tx.run(_SWITCH, shop=shop, state=state.value))


async def keep_token(tx: Transaction, vault: Vault, shop: str, token: str) -> None:
    """Remember a store's current access token and what belongs to it."""
    await tx.run(_PUT_TOKEN, shop=shop, token=vault.seal(token) if token else "")


async def put_account(tx: Transaction, vault: Vault, hubspot_token: str) -> None:
    """Take over the HubSpot account's credentials. Safe to repeat."""
    known = await tx.run(_GET_ACCOUNT, id=ACCOUNT)
    if known and vault.open(known[0].credentials) == hubspot_token:
        return
    await tx.run(_PUT_ACCOUNT, id=ACCOUNT, credentials=vault.seal(hubspot_token))


async def account_token(tx: Transaction, vault: Vault) -> str:
    """The HubSpot token; empty if no account is connected."""
    found = await tx.run(_GET_ACCOUNT, id=ACCOUNT)
    return vault.open(found[0].credentials) if found else ""
