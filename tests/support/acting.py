"""A simulated store in which people act: what it sells, and the webhooks it raises."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.shopify import given
from sandbox.shopify.model import Change
from sandbox.shopify.store import Store
from tests.support.shopify_calls import Calls


@pytest.fixture
def store() -> Store:
    """A store with nothing in it."""
    return Calls().store


@pytest.fixture
def changes(store: Store) -> list[Change]:
    """The changes since the test began to act; by then the store sells one product."""
    heard: list[Change] = []
    given.product(store, variants=[{"price": "10.00", "sku": "A"}, {"price": "5.00", "sku": "B"}])
    store.listeners.append(heard.append)
    return heard


def topics(changes: list[Change]) -> list[str]:
    """The webhook topics of changes, in order."""
    return [each.topic for each in changes]


def variants(store: Store) -> list[dict[str, Any]]:
    """The variants of the one product."""
    (product,) = store.products.values()
    found: list[dict[str, Any]] = product["variants"]
    return found


def basket(store: Store, *quantities: int) -> list[dict[str, Any]]:
    """Lines with so many of the first variant, of the second."""
    return [
        {"variant_id": each["id"], "quantity": quantity}
        for each, quantity in zip(variants(store), quantities, strict=False)
    ]
