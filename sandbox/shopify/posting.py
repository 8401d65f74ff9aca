"""One request to a receiver: signed, timed, within Shopify's patience."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import httpx

from sandbox.shopify.connections import Connections
from sandbox.shopify.delivery_faults import DeliveryFaults, sent_body, signing_secret
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.signing import Message, headers, signature

CONNECT_SECONDS = 1.0
TOTAL_SECONDS = 5.0
"""https://shopify.dev/docs/apps/build/webhooks/subscribe/https"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request: its status, or what went wrong instead."""

    at: datetime
    seconds: float
    status: int | None = None
    problem: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the receiver has it: any 2xx; a redirect is a failure."""
        return self.status is not None and httpx.codes.is_success(self.status)


@dataclass(slots=True, kw_only=True)
class SigningSecret:
    """What signs a store's deliveries; ``old_until`` is set once the app has a newer one."""

    value: str
    old_until: datetime | None = None


class Poster:
    """Posts messages, with the faults a single request can have."""

    def __init__(
        self,
        shopify: Shopify,
        faults: DeliveryFaults,
        *,
        transport: httpx.AsyncBaseTransport | None,
        concurrency: int,
    ) -> None:
        self._shopify = shopify
        self._faults = faults
        self._slots = asyncio.Semaphore(concurrency)
        self._signing: dict[str, SigningSecret] = {}
        self._client = httpx.AsyncClient(
            transport=transport or Connections(),
            timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,
        )

    async def aclose(self) -> None:
        """Close the connections kept alive."""
        await self._client.aclose()

    def notice_secrets(self) -> None:
        """See which secrets there are, so that a rotation is known for one."""
        for shop in self._shopify.stores:
            self._secret_of(shop)

    async def post(self, message: Message, random: Random) -> Attempt:
        """Send it once; what the receiver or the network does wrong is in the answer."""
        async with self._slots:
            loop = asyncio.get_running_loop()
            begun, at = loop.time(), self._shopify.now()
            status, problem = await self._request(message, random)
        return Attempt(at=at, seconds=loop.time() - begun, status=status, problem=problem)

    async def _request(self, message: Message, random: Random) -> tuple[int | None, str | None]:
        secret = signing_secret(self._secret_of(message.shop), self._faults, random)
        digest = signature(message.body, secret)
        newer = self._faults.next_generation_headers
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                answer = await self._client.post(
                    message.url,
                    content=sent_body(message.body, self._faults, random),
                    headers=headers(message, digest, next_generation=newer),
                )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            return None, type(error).__name__
        return answer.status_code, None

    def _secret_of(self, shop: str) -> str:
        """The app's secret, or for ``rotation_lag_seconds`` after a rotation the one before."""
        current, now = self._shopify.stores[shop].client_secret, self._shopify.now()
        known = self._signing.setdefault(shop, SigningSecret(value=current))
        if current == known.value:
            known.old_until = None
        elif known.old_until is None:
            known.old_until = now + timedelta(seconds=self._faults.rotation_lag_seconds)
        if known.old_until is not None and now >= known.old_until:
            self._signing[shop] = known = SigningSecret(value=current)
        return known.value
