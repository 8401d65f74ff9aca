"""How Shopify signs and labels a delivery.

https://shopify.dev/docs/apps/build/webhooks/verify-deliveries and
https://shopify.dev/docs/apps/build/webhooks/delivery-structure
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One payload on its way to one subscription; the same through all its retries."""

    shop: str
    topic: str
    url: str
    body: bytes
    api_version: str
    webhook_id: str
    event_id: str
    triggered_at: str
    record_id: str
    subscription_id: str | None = None
    name: str | None = None


def signature(body: bytes, secret: str) -> str:
    """Base64 of the HMAC-SHA256 of the raw ``body`` under the app's client secret."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode("ascii")


def triggered_at(at: datetime, nanoseconds: int) -> str:
    """``at`` in UTC with nine fractional digits; the last three are ``nanoseconds``."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}{nanoseconds % 1000:03d}Z"


def headers(message: Message, digest: str, *, next_generation: bool = False) -> dict[str, str]:
    """The headers of a delivery, in the classic family or in that of the newer "Events"."""
    return _events_headers(message, digest) if next_generation else _classic(message, digest)


def _classic(message: Message, digest: str) -> dict[str, str]:
    named = {"X-Shopify-Name": message.name} if message.name else {}
    return _transport_headers() | {
        "X-Shopify-Topic": message.topic,
        "X-Shopify-Hmac-Sha256": digest,
        "X-Shopify-Shop-Domain": message.shop,
        "X-Shopify-API-Version": message.api_version,
        "X-Shopify-Webhook-Id": message.webhook_id,
        "X-Shopify-Triggered-At": message.triggered_at,
        "X-Shopify-Event-Id": message.event_id,
        **named,
    }


def _events_headers(message: Message, digest: str) -> dict[str, str]:
    named = {"shopify-handle": message.name} if message.name else {}
    return _transport_headers() | {
        "shopify-topic": message.topic,
        "shopify-hmac-sha256": digest,
        "shopify-shop-domain": message.shop,
        "shopify-api-version": message.api_version,
        "shopify-webhook-id": message.webhook_id,
        "shopify-triggered-at": message.triggered_at,
        "shopify-event-id": message.event_id,
        "shopify-action": message.topic.rpartition("/")[2],
        "shopify-resource-id": message.record_id,
        **named,
    }


def _transport_headers() -> dict[str, str]:
    return {"Content-Type": "application/json", "User-Agent": "Shopify-Captain-Hook"}
