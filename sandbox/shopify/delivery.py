"""Webhooks on their way: sent, retried, given up, with the faults that are switched on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from types import TracebackType
from typing import Literal, Self
from uuid import UUID

import httpx

from sandbox.shopify.delivery_faults import DeliveryFaults, waits
from sandbox.shopify.model import TABLES, Change
from sandbox.shopify.payloads import encoded, payload_of, record_id_of
from sandbox.shopify.posting import Attempt, Poster
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.signing import Message, triggered_at
from sandbox.shopify.store import Store
from sandbox.shopify.subscriptions import (
    Subscription,
    admits,
    asked_for,
    is_for,
    subscription_of,
)

RETRY_DELAYS = (60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3840.0, 6780.0)
"""Eight retries, growing, four hours in all; Shopify does not publish the spacing.

https://shopify.dev/changelog/updates-to-webhook-retry-mechanism
"""
FAILURES_TO_REMOVAL = 8

Outcome = Literal["pending", "delivered", "failed", "dropped", "merged"]


@dataclass(slots=True, kw_only=True)
class Delivery:
    """A message and what has become of it so far."""

    message: Message
    outcome: Outcome = "pending"
    attempts: list[Attempt] = field(default_factory=list)


class Deliveries:
    """Delivers every change of every store to the subscriptions of its topic.

    Use as ``async with Deliveries(shopify) as deliveries``; changes made before are not sent.

    Args:
        shopify: The stores; their ``sleep`` and ``seed`` are used here too.
        transport: The httpx transport; the network unless given.
        concurrency: Requests under way at once.

    Attributes:
        faults: Switches, looked at anew for each delivery and request.
        recent: The newest deliveries, oldest first.
    """

    def __init__(
        self,
        shopify: Shopify,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        concurrency: int = 50,
        remembered: int = 300,
    ) -> None:
        self.faults = DeliveryFaults()
        self.recent: deque[Delivery] = deque(maxlen=remembered)
        self._shopify = shopify
        self._sleep: Callable[[float], Awaitable[None]] = shopify.sleep
        self._poster = Poster(shopify, self.faults, transport=transport, concurrency=concurrency)
        self._ids = Random(f"{shopify.seed}/deliveries")  # noqa: S311 - ids and faults, not secrets
        self._tasks: set[asyncio.Task[None]] = set()
        self._declared: list[tuple[str, Subscription]] = []
        self._failed_requests: dict[tuple[str, str | None], int] = {}
        self._last_success: dict[tuple[str, str | None], datetime] = {}
        self._coalescing: dict[tuple[str, str, str], Delivery] = {}
        self._last_sent: dict[tuple[str, str, str], tuple[bytes, datetime]] = {}
        self._listening: dict[str, Callable[[Change], None]] = {}

    async def __aenter__(self) -> Self:
        self.listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for shop, listener in self._listening.items():
            self._shopify.stores[shop].listeners.remove(listener)
        self._listening.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._poster.aclose()

    def listen(self) -> None:
        """Hear the stores opened since; called on entering for those there are."""
        for shop, store in self._shopify.stores.items():
            if shop not in self._listening:
                self._listening[shop] = self.send
                store.listeners.append(self.send)
        self._poster.notice_secrets()

    def declare(self, shop: str, url: str, topics: Iterable[str]) -> None:
        """App-specific subscriptions, as from the app's TOML file.

        The API does not list them and failures do not remove them; the compliance topics can be
        had in no other way. https://shopify.dev/docs/apps/build/webhooks/subscribe
        """
        version = self._shopify.stores[shop].api_version
        self._declared += [
            (shop, Subscription(id=None, topic=topic, url=url, api_version=version))
            for topic in topics
        ]

    async def idle(self) -> None:
        """Return when every delivery is made or given up; raise what went wrong in one."""
        while self._tasks:
            done, _ = await asyncio.wait(self._tasks)
            for task in done:
                task.result()

    def send(self, change: Change) -> None:
        """Begin to deliver a change to whoever is subscribed to its topic."""
        store = self._shopify.stores[change.shop]
        own = [subscription_of(each, store.api_version) for each in store.subscriptions]
        declared = [each for shop, each in self._declared if shop == change.shop]
        for subscription in own + declared:
            if is_for(subscription, change.topic):
                self._offer(store, change, subscription)

    def _offer(self, store: Store, change: Change, subscription: Subscription) -> None:
        whole = payload_of(change, store, subscription.api_version)
        if not admits(subscription, whole):
            return
        payload = asked_for(subscription, whole, change.record)
        body = encoded(payload, store.utc_offset)
        delivery = Delivery(message=self._message(change, subscription, body))
        self.recent.append(delivery)
        if self.faults.coalesce_seconds:
            self._coalesce(delivery, whole_record=change.kind in TABLES)
        else:
            self._dispatch(delivery)

    def _message(self, change: Change, subscription: Subscription, body: bytes) -> Message:
        return Message(
            shop=change.shop,
            topic=change.topic,
            url=subscription.url,
            body=body,
            api_version=subscription.api_version,
            webhook_id=str(UUID(int=self._ids.getrandbits(128), version=4)),
            event_id=change.event_id,
            triggered_at=triggered_at(change.at, self._ids.randrange(1000)),
            record_id=record_id_of(change),
            subscription_id=subscription.id,
            name=subscription.name,
        )

    def _coalesce(self, delivery: Delivery, *, whole_record: bool) -> None:
        """Let the newest of consecutive changes stand for all; drop what equals the last sent."""
        message = delivery.message
        key = (message.url, message.topic, f"{message.shop}/{message.record_id}")
        seconds = self.faults.coalesce_seconds
        body, sent = self._last_sent.get(key, (b"", None))
        recently = sent is not None and self._shopify.now() - sent < timedelta(seconds=seconds)
        if recently and body == message.body:
            delivery.outcome = "merged"
            return
        if not whole_record:
            self._last_sent[key] = (message.body, self._shopify.now())
            self._dispatch(delivery)
            return
        waiting = self._coalescing.get(key)
        self._coalescing[key] = delivery
        if waiting is None:
            self._start(self._send_newest(key, seconds))
        else:
            waiting.outcome = "merged"

    async def _send_newest(self, key: tuple[str, str, str], seconds: float) -> None:
        await self._sleep(seconds)
        delivery = self._coalescing.pop(key)
        self._last_sent[key] = (delivery.message.body, self._shopify.now())
        self._dispatch(delivery)

    def _dispatch(self, delivery: Delivery) -> None:
        random = self._random(delivery.message, "dispatch")
        copies = waits(self.faults, self._shopify.now(), random)
        if not copies:
            delivery.outcome = "dropped"
        for number, wait in enumerate(copies):
            self._start(self._deliver(delivery, number, wait))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)  # one that failed stays, for idle() to raise

    async def _deliver(self, delivery: Delivery, copy: int, wait: float) -> None:
        started = self._shopify.now()
        if wait:
            await self._sleep(wait)
        for number, delay in enumerate((*RETRY_DELAYS, None)):
            random = self._random(delivery.message, f"{copy}/{number}")
            attempt = await self._poster.post(delivery.message, random)
            delivery.attempts.append(attempt)
            self._count(delivery.message, succeeded=attempt.succeeded)
            if attempt.succeeded:
                delivery.outcome = "delivered"
                return
            if delay is not None:
                await self._sleep(delay * self.faults.retry_scale)
        if delivery.outcome == "pending":
            delivery.outcome = "failed"
        self._given_up(delivery.message, started)

    def _count(self, message: Message, *, succeeded: bool) -> None:
        key = (message.shop, message.subscription_id)
        if succeeded:
            self._failed_requests[key] = 0
            self._last_success[key] = self._shopify.now()
            return
        self._failed_requests[key] = failed = self._failed_requests.get(key, 0) + 1
        if self.faults.removal == "requests" and failed >= FAILURES_TO_REMOVAL:
            self._remove(message)

    def _given_up(self, message: Message, started: datetime) -> None:
        last = self._last_success.get((message.shop, message.subscription_id))
        if self.faults.removal == "deliveries" and (last is None or last < started):
            self._remove(message)

    def _remove(self, message: Message) -> None:
        store = self._shopify.stores[message.shop]
        store.subscriptions[:] = [
            each for each in store.subscriptions if str(each["id"]) != message.subscription_id
        ]

    def _random(self, message: Message, purpose: str) -> Random:
        """Draws that depend on the delivery alone, not on what else is under way."""
        return Random(f"{self._shopify.seed}/{message.webhook_id}/{purpose}")  # noqa: S311 - faults
