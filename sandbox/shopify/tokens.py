"""Access tokens: the client credentials grant, and whose token a request carries.

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store, Token

EXPIRES_IN = 86399


def _refused(error: str, description: str) -> tuple[int, dict[str, Any]]:
    return 400, {"error": error, "error_description": description}


def granted_token(store: Store, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """Answer a token request: status and body. Each grant is a new token beside those there are."""
    if form.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", "Only client_credentials is served here.")
    if form.get("client_id") != store.client_id:
        return _refused("application_cannot_be_found", "No app has this client id.")
    secrets = [each for each in (store.client_secret, store.previous_secret) if each]
    given = form.get("client_secret", "").encode()
    if not any(hmac.compare_digest(given, each.encode()) for each in secrets):
        return _refused("invalid_client", "The client secret is wrong.")
    if not store.credentials_permitted:
        return _refused("shop_not_permitted", "App and shop are of different organizations.")
    if not store.installed:
        return _refused("app_not_installed", "The app is not installed on this shop.")
    expires = store.now() + timedelta(seconds=EXPIRES_IN)
    token = Token(value=f"shpat_{store.new_token()}", expires_at=expires)
    store.tokens[token.value] = token
    scope = ",".join(store.scopes)
    return 200, {"access_token": token.value, "scope": scope, "expires_in": EXPIRES_IN}


def is_valid(store: Store, value: str) -> bool:
    """Whether a token opens a store now."""
    token = store.tokens.get(value)
    if token is None or not store.installed:
        return False
    return token.expires_at is None or store.now() < token.expires_at


def store_for(shopify: Shopify, host: str, token: str, client_id: str = "") -> Store | None:
    """The store a request is for: the one the Host names, else the token's, else the app's."""
    named = shopify.stores.get(host.partition(":")[0].lower())
    if named is not None or host.partition(":")[0].endswith(".myshopify.com"):
        return named
    for store in shopify.stores.values():
        if token in store.tokens or (client_id and client_id == store.client_id):
            return store
    return None
