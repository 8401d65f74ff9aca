"""Where a shop is reached. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.shared.contract.errors import OursToFixError

_SHOP = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,99}\.myshopify\.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopAddress:
    """The address calls to one shop go to, and the ``Host`` they name."""

    url: str
    host: str


def address_of(shop: str, base_url: str = "") -> ShopAddress:
    """The shop's own address, or ``base_url`` (a simulator) with the shop as ``Host``.

    Raises:
        OursToFixError: ``shop`` is no myshopify.com host; a token sent there would be given away.
    """
    if not _SHOP.fullmatch(shop):
        raise OursToFixError("bad_shop")
    return ShopAddress(url=base_url.rstrip("/") or f"https://{shop}", host=shop)
