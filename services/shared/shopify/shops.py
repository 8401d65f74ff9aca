"""What a shop says of itself and of what it granted us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.shared.contract.errors import OutcomeUnknownError
from services.shared.shopify.admin import Admin

SHOP_DOCUMENT = """
query Shop {
  shop {
    id
    name
    myshopifyDomain
    currencyCode
    ianaTimezone
    plan { publicDisplayName shopifyPlus partnerDevelopment }
  }
  currentAppInstallation { accessScopes { handle } }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A shop. ``scopes`` are as granted; ask ``implied_scopes`` what they allow."""

    id: str
    name: str
    host: str
    currency: str
    time_zone: str
    plan: str
    scopes: frozenset[str]


async def shop(admin: Admin) -> Shop:
    """The shop behind ``admin`` and the scopes our app has there.

    Raises:
        SyncError: the call failed.
    """
    answer = await admin.query(SHOP_DOCUMENT)
    try:
        found, installation = answer.data["shop"], answer.data["currentAppInstallation"]
        return Shop(
            id=found["id"],
            name=found["name"],
            host=found["myshopifyDomain"],
            currency=found["currencyCode"],
            time_zone=found["ianaTimezone"],
            plan=found["plan"]["publicDisplayName"],
            scopes=frozenset(_handles(installation["accessScopes"])),
        )
    except (KeyError, TypeError) as problem:
        raise OutcomeUnknownError("garbled_answer") from problem


def implied_scopes(granted: frozenset[str]) -> frozenset[str]:
    """``granted`` with the read scope each write scope brings: only the write may be listed."""
    reads = {f"read_{scope.removeprefix('write_')}" for scope in granted if _is_write(scope)}
    return granted | reads


def _is_write(scope: str) -> bool:
    return scope.startswith("write_")


def _handles(scopes: Any) -> list[str]:
    return [str(scope["handle"]) for scope in scopes]
