"""Small facts the product keeps about itself, what it did, and compliance requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.moments import read
from services.shared.ledger.vault import Vault

# Under which name the product keeps what.
QUOTA_USE = "quota_use"


class QuotaUse(msgspec.Struct, frozen=True, kw_only=True):
    """How much of HubSpot's limits was in use ``at`` some moment, as shares of 1."""

    at: datetime
    window: float
    daily: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceRequest:
    """What Shopify asks us to disclose or erase, as it was delivered."""

    shop: str
    shopify_topic: str
    delivery_id: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRequest:
    """A compliance request still to be carried out, without its body."""

    shop: str
    shopify_topic: str
    received_at: datetime


_GET = statement("SELECT value FROM settings WHERE name = :name")
_PUT = statement(
    """
    INSERT INTO settings (name, value, changed_at) VALUES (:name, :value, {now})
    ON CONFLICT (name) DO UPDATE SET value = excluded.value,
      revision = settings.revision + 1, changed_at = {now}
    """
)
_AUDIT = statement(
    "INSERT INTO audit (at, action, subject, detail) VALUES ({now}, :action, :subject, :detail)"
)
_REQUEST = statement(
    """
    INSERT INTO requests (shop, shopify_topic, delivery_id, body, received_at)
    VALUES (:shop, :shopify_topic, :delivery_id, :body, {now})
    ON CONFLICT (delivery_id) DO NOTHING
    """
)
_PENDING = statement(
    "SELECT shop, shopify_topic, received_at FROM requests WHERE state = 'pending' ORDER BY id"
)


async def get(tx: Transaction, name: str) -> str:
    """The value kept under ``name``; empty if there is none."""
    found = await tx.run(_GET, name=name)
    return str(found[0].value) if found else ""


async def put(tx: Transaction, name: str, value: str) -> None:
    """Keep ``value`` under ``name``."""
    await tx.run(_PUT, name=name, value=value)


async def audit(tx: Transaction, action: str, subject: str, detail: str = "") -> None:
    """Write down that something was done."""
    await tx.run(_AUDIT, action=action, subject=subject, detail=detail)


async def keep_request(tx: Transaction, vault: Vault, new: ComplianceRequest) -> None:
    """Keep a compliance request as pending, its body sealed; the same delivery is kept once."""
    await tx.run(
        _REQUEST,
        shop=new.shop,
        shopify_topic=new.shopify_topic,
        delivery_id=new.delivery_id,
        body=vault.seal(new.body.decode("utf-8", "replace")),
    )


async def pending_requests(tx: Transaction) -> list[PendingRequest]:
    """The compliance requests that are pending, oldest first."""
    return [
        PendingRequest(
            shop=row.shop, shopify_topic=row.shopify_topic, received_at=read(row.received_at)
        )
        for row in await tx.run(_PENDING)
    ]
