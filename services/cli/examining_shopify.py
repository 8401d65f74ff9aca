"""Whether a store lets us do our work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

import httpx

from services.cli.findings import Finding, lesser, note, ours, said_of
from services.cli.settings import Settings
from services.cli.store_settings import StoreSettings
from services.shared.contract.errors import OursToFixError, SyncError
from services.shared.shopify.address import address_of
from services.shared.shopify.admin import Admin
from services.shared.shopify.shops import Shop, implied_scopes, shop
from services.shared.shopify.subscriptions import (
    WANTED_TOPICS,
    missing,
    permitted,
    subscriptions,
)
from services.shared.shopify.tokens import (
    AdminToken,
    ClientCredentials,
    Credentials,
    MemoryTokenStore,
    TokenSource,
)

# By what is lost without it.
NEEDED_SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "read_customers": "no contacts",
        "read_products": "no products",
        "read_orders": "no orders and no carts",
    }
)
WANTED_SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "read_all_orders": "orders older than 60 days stay unseen, and deletions of them unproved",
        "read_customer_merge": "merged customers are noticed by scanning only",
    }
)
_GRANT = (
    "add it to the app's scopes in Shopify's Dev Dashboard, release, and approve it in the shop"
)
PROTECTED_DOCUMENT = """
query ProtectedData {
  customers(first: 1) { nodes { id firstName lastName defaultEmailAddress { emailAddress } } }
}
"""


async def examine_store(
    http: httpx.AsyncClient, settings: Settings, store: StoreSettings
) -> tuple[list[Finding], str]:
    """Token, scopes, protected data and subscriptions of one store; and its currency, if read."""
    admin = admin_of(http, settings, store)
    try:
        found = await shop(admin)
    except SyncError as error:
        return [ours(store.shop, f"cannot be read: {said_of(error)}", _to_do(error))], ""
    findings = scope_findings(store.shop, found.scopes)
    for part in (_protected(admin, found), _subscribed(admin, found, settings.webhook_url)):
        try:
            findings += await part
        except SyncError as error:
            findings.append(ours(store.shop, f"a query failed: {said_of(error)}", _to_do(error)))
    return findings, found.currency


def admin_of(http: httpx.AsyncClient, settings: Settings, store: StoreSettings) -> Admin:
    """The store's Admin API, with tokens that are kept in memory only."""
    address = address_of(store.shop, settings.shopify_base_url)
    given = store.admin_token.get_secret_value()
    secret = store.client_secret.get_secret_value()
    tokens: TokenSource = (
        AdminToken(given)
        if given
        else ClientCredentials(
            http,
            address,
            Credentials(client_id=store.client_id, client_secret=secret),
            store=MemoryTokenStore(),
            now=lambda: datetime.now(UTC),
        )
    )
    return Admin(http, address, tokens)


def scope_findings(name: str, granted: frozenset[str]) -> list[Finding]:
    """The scopes that are missing, and what that costs."""
    held = implied_scopes(granted)
    needed = [
        ours(name, f"scope {scope} is missing: {loss}", _GRANT)
        for scope, loss in NEEDED_SCOPES.items()
        if scope not in held
    ]
    wanted = [
        lesser(name, f"scope {scope} is missing: {loss}", _GRANT)
        for scope, loss in WANTED_SCOPES.items()
        if scope not in held
    ]
    known = sorted(held & {*NEEDED_SCOPES, *WANTED_SCOPES})
    return [*needed, *wanted, note(name, f"scopes granted: {', '.join(known) or 'none of ours'}")]


async def _protected(admin: Admin, found: Shop) -> Sequence[Finding]:
    if "read_customers" not in implied_scopes(found.scopes):
        return []
    try:
        denied = (await admin.query(PROTECTED_DOCUMENT)).denied
    except OursToFixError as error:
        if error.reason != "access_denied":
            raise
        denied = [("customers",)]
    if not denied:
        return []
    return [
        ours(
            admin.shop,
            "protected customer data is withheld: names and emails come empty",
            "request access to protected customer data (name, email, phone, address) for the app "
            "in Shopify's Dev Dashboard, under API access",
        )
    ]


async def _subscribed(admin: Admin, found: Shop, uri: str) -> Sequence[Finding]:
    if not uri:
        return []
    allowed, _ = permitted(WANTED_TOPICS, found.scopes)
    there = await subscriptions(admin)
    lacking = missing(allowed, there, uri)
    if not lacking:
        whole = f"subscribed to all {len(allowed)} webhook topics, for {uri}"
        return [note(admin.shop, whole, names=sorted(e.topic for e in there if e.uri == uri))]
    names = [each.name for each in lacking]
    is_new = len(lacking) == len(allowed)
    what = f"any of the {len(allowed)} webhook topics" if is_new else ", ".join(names)
    to_do = "start shopsync: it subscribes to what is missing"
    return [lesser(admin.shop, f"not subscribed to {what}, for {uri}", to_do, names)]


def _to_do(error: SyncError) -> str:
    if isinstance(error, OursToFixError):
        return (
            "check SHOPSYNC_CLIENT_ID and SHOPSYNC_CLIENT_SECRET, or the admin token, and that "
            "the app is installed in this shop"
        )
    return "try again; if it stays, look at Shopify's status page and at your network"
