"""Webhook subscriptions: made where they are missing, at every start."""

from __future__ import annotations

import logging

from services.shared.contract.errors import SyncError
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


async def ensure_subscribed(admin: Admin, uri: str) -> None:
    """Have every topic we may have delivered to ``uri``; what cannot be had is said.

    Raises:
        SyncError: the store could not be asked.
    """
    granted = (await shop_of(admin)).scopes
    allowed, without = permitted(WANTED_TOPICS, granted)
    for topic in without:
        _LOG.warning("topic without scope", extra={"action": "do_without", "topic": topic.name})
    for topic in missing(allowed, await subscriptions(admin), uri):
        try:
            await subscribe(admin, topic, uri)
        except SyncError as problem:
            extra = {"action": "do_without", "topic": topic.name, "reason": problem.reason}
            _LOG.warning("not subscribed", extra=extra)
