"""Postal addresses, complete from whatever a caller gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.shopify.model import Record
from sandbox.shopify.store import Store

COUNTRIES = {
    "US": "United States",
    "CA": "Canada",
    "DE": "Germany",
    "FR": "France",
    "GB": "United Kingdom",
    "ES": "Spain",
    "JP": "Japan",
    "BR": "Brazil",
}
_PARTS = (
    "first_name",
    "last_name",
    "company",
    "address1",
    "address2",
    "city",
    "province",
    "province_code",
    "zip",
    "phone",
)


def postal_address(store: Store, given: Mapping[str, Any]) -> Record:
    """The address form of orders and checkouts; what is not given is null."""
    code = str(given.get("country_code") or store.country_code)
    parts: Record = {name: given.get(name) for name in _PARTS}
    names = [parts["first_name"], parts["last_name"]]
    return {
        **parts,
        "country": given.get("country") or COUNTRIES.get(code, code),
        "country_code": code,
        "latitude": None,
        "longitude": None,
        "name": " ".join(each for each in names if each),
    }


def customer_address(store: Store, customer: Record, given: Mapping[str, Any]) -> Record:
    """The address form inside a customer."""
    names = {"first_name": customer["first_name"], "last_name": customer["last_name"]}
    address = postal_address(store, names | dict(given))
    del address["latitude"], address["longitude"]
    return {
        "id": store.new_id("address"),
        "customer_id": customer["id"],
        **address,
        "country_name": address["country"],
        "default": not customer["addresses"],
    }
