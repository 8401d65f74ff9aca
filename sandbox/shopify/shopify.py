"""All simulated stores, their clock and their seed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.shopify.api_faults import ApiFaults
from sandbox.shopify.store import Store, Token


def _wall_clock() -> datetime:
    return datetime.now(UTC)


SUPPORTED_VERSIONS = ("2025-10", "2026-01", "2026-04", "2026-07", "2026-10")


class Shopify:
    """The simulator's state.

    Attributes:
        stores: By their full host.
        supported_versions: Of the Admin API, oldest first; older ones fall forward.
        faults: What goes wrong at the Admin API.

    Args:
        now: The time, aware UTC; the wall clock unless given.
        sleep: How slow answers and delays wait.
        seed: Same seed and same calls, same ids and tokens.
    """

    def __init__(
        self,
        now: Callable[[], datetime] = _wall_clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        seed: int = 1,
    ) -> None:
        self.now = now
        self.sleep = sleep
        self.seed = seed
        self.stores: dict[str, Store] = {}
        self.supported_versions = SUPPORTED_VERSIONS
        self.faults = ApiFaults()

    def open_store(self, shop: str, **settings: Any) -> Store:
        """A new store with its own app (``client_id``, ``client_secret``) and a ``shpat_`` token.

        ``settings`` are attributes of ``Store``.
        """
        rng = random.Random(f"{self.seed}/{shop}")  # noqa: S311 - data, not secrets
        store = Store(shop=shop, now=self.now, rng=rng)
        store.client_id = store.new_token()
        store.client_secret = f"shpss_{store.new_token()}"
        for name, value in settings.items():
            setattr(store, name, value)
        token = Token(value=f"shpat_{store.new_token()}")
        store.tokens[token.value] = token
        self.stores[shop] = store
        return store
