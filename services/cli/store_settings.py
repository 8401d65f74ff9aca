"""The settings of the stores: one given by fields of its own, others as a list in JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from services.shared.contract.errors import OursToFixError
from services.shared.shopify.address import address_of

_NO_STORE = (
    "no store is given: set SHOPSYNC_SHOP with SHOPSYNC_CLIENT_ID and SHOPSYNC_CLIENT_SECRET "
    "(or SHOPSYNC_ADMIN_TOKEN), or SHOPSYNC_STORES"
)


def host_in(shop: str) -> str:
    """The full host of a store, as we write it.

    Raises:
        ValueError: it is none.
    """
    try:
        return address_of(shop.strip().lower()).host
    except OursToFixError:
        raise ValueError("must be the full host, like acme.myshopify.com") from None


class StoreSettings(BaseModel):
    """One store: its full host, and an app's credentials, an admin token, or both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shop: str
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    previous_secret: SecretStr = SecretStr("")
    admin_token: SecretStr = SecretStr("")

    @field_validator("shop")
    @classmethod
    def _is_a_shop(cls, shop: str) -> str:
        return host_in(shop)

    @property
    def shortfall(self) -> str:
        """What is missing to call the store; empty if nothing is."""
        if self.admin_token.get_secret_value():
            return ""
        if self.client_id and self.client_secret.get_secret_value():
            return ""
        return "needs client_id and client_secret, or an admin_token"


def stores_in(given: Any) -> list[Any]:
    """The stores as they were listed: JSON text, or a sequence already.

    Raises:
        ValueError: it is no list.
    """
    if not isinstance(given, str):
        return list(given)
    try:
        found = json.loads(given)
    except ValueError:
        raise ValueError("must be JSON: a list of objects with shop, client_id, …") from None
    if not isinstance(found, list):
        raise ValueError("must be a JSON list, even for a single store")  # noqa: TRY004 - pydantic's
    return found


def problems_of(stores: Sequence[StoreSettings], *, is_public: bool) -> list[str]:
    """What is wrong with ``stores`` taken together; webhooks come only if we are ``is_public``."""
    if not stores:
        return [_NO_STORE]
    names = [each.shop for each in stores]
    problems = [f"{shop} is given twice" for shop in sorted({*names}) if names.count(shop) > 1]
    problems += [f"{each.shop} {each.shortfall}" for each in stores if each.shortfall]
    if is_public:
        problems += [
            f"{each.shop} needs client_secret: webhooks are signed with it"
            for each in stores
            if not each.client_secret.get_secret_value() and not each.shortfall
        ]
    return problems
