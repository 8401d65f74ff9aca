"""Small facts the product keeps about itself, and what it did."""

from __future__ import annotations

from datetime import datetime

import msgspec

from services.shared.ledger.engine import Transaction, statement

# Under which name the product keeps what.
QUOTA_USE = "quota_use"


class QuotaUse(msgspec.Struct, frozen=True, kw_only=True):
    """How much of HubSpot's limits was in use ``at`` some moment, as shares of 1."""

    at: datetime
    window: float
    daily: float | None


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
