"""Webhook deliveries as Shopify makes them, signed by hand and not by the product's own code."""

from __future__ import annotations

import base64
import hashlib
import hmac

SHOP = "acme.myshopify.com"
SECRET = b"hush"
PREVIOUS_SECRET = b"hush-before"


def signature(body: bytes, secret: bytes = SECRET) -> str:
    """What ``X-Shopify-Hmac-Sha256`` is for this body."""
    return base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()


def signed_headers(
    body: bytes, *, topic: str = "orders/create", shop: str = SHOP, secret: bytes = SECRET
) -> dict[str, str]:
    """All headers of a delivery."""
    return {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(body, secret),
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-API-Version": "2026-07",
        "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "X-Shopify-Event-Id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "X-Shopify-Triggered-At": "2026-11-23T18:00:27.877041743Z",
    }


def as_asgi(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """The same headers as an ASGI server gives them."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def request_bytes(
    body: bytes,
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    path: str = "/webhooks/shopify",
) -> bytes:
    """The request as it goes over the wire; signed unless other headers are given."""
    lines = [f"{method} {path} HTTP/1.1", "Host: ingest", f"Content-Length: {len(body)}"]
    given = signed_headers(body) if headers is None else headers
    lines += [f"{name}: {value}" for name, value in given.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
