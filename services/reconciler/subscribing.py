"""Webhook subscriptions: made where they are missing, now and whenever one is lost."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from services.shared.contract.errors import SyncError, WorldAtFaultError
from services.shared.runtime.logging import Action
from services.shared.shopify.admin import Admin
from services.shared.shopify.shops import shop as shop_of
from services.shared.shopify.subscriptions import (
    WANTED_TOPICS,
    missing,
    permitted,
    subscribe,
    subscriptions,
)

_LOG = logging.getLogger(__name__)
# Shopify removes a subscription whose deliveries failed eight times in a row: after an outage of
# ours changes are found by scans alone, until somebody looks.
LOOK_AGAIN_SECONDS = 300.0
_TRY_AGAIN_SECONDS = 30.0


class Subscribing:
    """Keeps the stores' subscriptions to ``uri`` there; does nothing where that is empty.

    ``clock`` counts seconds, from anywhere.
    """

    def __init__(self, uri: str, clock: Callable[[], float]) -> None:
        self._uri = uri
        self._clock = clock
        self._looks_at: dict[str, float] = {}

    async def keep(self, shop: str, admin: Admin) -> None:
        """Look whether all of a store's are there, if that was not done lately.

        Raises:
            SyncError: the store could not be asked; it is asked again by the next call.
        """
        if not self._uri or self._clock() < self._looks_at.get(shop, -math.inf):
            return
        if shop not in self._looks_at:
            await _say_what_is_barred(admin, shop)
        is_done = await _ensured(admin, self._uri)
        wait = LOOK_AGAIN_SECONDS if is_done else _TRY_AGAIN_SECONDS
        self._looks_at[shop] = self._clock() + wait


async def _say_what_is_barred(admin: Admin, shop: str) -> None:
    _, without = permitted(WANTED_TOPICS, (await shop_of(admin)).scopes)
    for topic in without:
        extra = {"action": Action.DO_WITHOUT, "shop": shop, "topic": topic.name}
        _LOG.warning("topic without scope", extra=extra)


async def _ensured(admin: Admin, uri: str) -> bool:
    """Have every topic we may have delivered to ``uri``; whether none may come later by itself."""
    allowed, _ = permitted(WANTED_TOPICS, (await shop_of(admin)).scopes)
    is_done = True
    for topic in missing(allowed, await subscriptions(admin), uri):
        try:
            await subscribe(admin, topic, uri)
        except SyncError as problem:
            is_done &= not isinstance(problem, WorldAtFaultError)
            extra = {"action": Action.DO_WITHOUT, "topic": topic.name, "reason": problem.reason}
            _LOG.warning("not subscribed", extra=extra)
    return is_done
