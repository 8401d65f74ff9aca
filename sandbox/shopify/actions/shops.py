"""What happens to a store as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.shopify.model import Kind, Record
from sandbox.shopify.store import Store


def uninstall(store: Store) -> Record:
    """Remove the app: tokens are refused, subscriptions are gone, ``app/uninstalled`` is raised.

    The delivery of ``app/uninstalled`` itself still goes to the subscriptions there were.
    """
    with store.action():
        record = store.shop_record()
        store.raises("app/uninstalled", Kind.APP, record)
        store.installed = False
    store.subscriptions.clear()
    return record


def install(store: Store) -> Record:
    """Install the app again; subscriptions do not come back."""
    store.installed = True
    return store.shop_record()


def rotate_secret(store: Store) -> Record:
    """A new client secret; the old one becomes the previous one."""
    store.previous_secret = store.client_secret
    store.client_secret = f"shpss_{store.new_token()}"
    return {"client_secret": store.client_secret, "previous_secret": store.previous_secret}


def change_scopes(store: Store, scopes: Sequence[str]) -> Record:
    """Grant exactly these scopes; raises ``app/scopes_update``."""
    with store.action():
        record = {"id": store.shop_record()["id"], "previous": list(store.scopes)}
        store.scopes = tuple(scopes)
        record |= {"current": list(scopes), "updated_at": store.now()}
        store.raises("app/scopes_update", Kind.APP, record)
    return record


def change_shop(store: Store, name: str | None = None, plan: str | None = None) -> Record:
    """Change the store's name or plan; raises ``shop/update``."""
    with store.action():
        store.name, store.plan = name or store.name, plan or store.plan
        record = store.shop_record()
        store.raises("shop/update", Kind.SHOP, record)
    return record
