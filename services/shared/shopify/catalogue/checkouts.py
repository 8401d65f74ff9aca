"""Checkouts, abandoned or completed.

GraphQL's ``AbandonedCheckout`` has neither token nor id of the REST kind: the token is read from
the recovery address, and the number is in ``name``.
https://shopify.dev/docs/api/admin-graphql/latest/objects/AbandonedCheckout
"""

# ruff: noqa: E501  # a row of a table is one line

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from services.shared.shopify.catalogue.addresses import address
from services.shared.shopify.catalogue.fields import Field, Place, field
from services.shared.shopify.catalogue.orders import codes
from services.shared.shopify.catalogue.reading import (
    ABSENT,
    Absent,
    FieldType,
    id_in,
    money,
    text,
)

T, N, M, D, B, L = (
    FieldType.TEXT,
    FieldType.INT,
    FieldType.MONEY,
    FieldType.DATETIME,
    FieldType.BOOL,
    FieldType.LIST,
)
_AMOUNT: Final = "shopMoney.amount"
_NUMBER: Final = re.compile(r"#(\d{1,30})")
_TOKEN: Final = re.compile(r"/(?:checkouts|checkouts/[a-z]{1,3})/([\w-]{4,128})(?:/|$)")


def number_in(name: Any) -> str | Absent:
    """The checkout's number in its name: ``#981820079255243537``."""
    found = _NUMBER.fullmatch(text(name))
    return found[1] if found else ABSENT


def token_in(url: Any) -> str | Absent:
    """The checkout's token in its recovery address, ``…/checkouts/<token>/recover?key=…``."""
    found = _TOKEN.search(urlsplit(text(url)).path)
    return found[1] if found else ABSENT


def id_in_body(checkout: Any) -> str:
    """A checkout's id: its own, gone since 2026-04; else its number; else its token.

    https://shopify.dev/changelog/removed-checkout-id-from-checkouts-and-orders-webhooks
    """
    if checkout.get("id") is not None:
        return id_in(checkout["id"])
    number = number_in(checkout["name"]) if checkout.get("name") is not None else ABSENT
    return number if isinstance(number, str) else id_in(checkout["token"])


def _shipping(lines: Any) -> Any:
    return sum((money(each["price"]) for each in lines), money("0"))


CHECKOUTS: Final[tuple[Field, ...]] = (
    field("id", T, "Checkout ID", Place(path="", read=id_in_body), Place(path="id", read=id_in)),
    field("name", T, "Name", "name", "name"),
    field("number", T, "Number", Place(path="name", read=number_in), Place(path="name", read=number_in)),
    field("token", T, "Token", "token", Place(path="abandonedCheckoutUrl", read=token_in)),
    field("cart_token", T, "Cart token", "cart_token", None),
    field("abandoned_checkout_url", T, "Recovery page", "abandoned_checkout_url", "abandonedCheckoutUrl"),
    field("created_at", D, "Created at", "created_at", "createdAt"),
    field("updated_at", D, "Updated at", "updated_at", "updatedAt"),
    field("completed_at", D, "Completed at", "completed_at", "completedAt"),
    # GraphQL shows a checkout's contact only as its customer.
    field("email", T, "Email", "email", None),
    field("phone", T, "Phone", "phone", None),
    field("buyer_accepts_marketing", B, "Buyer accepts marketing", "buyer_accepts_marketing", None),
    field("landing_site", T, "Landing page", "landing_site", None),
    field("referring_site", T, "Referring page", "referring_site", None),
    field("total_weight", N, "Weight in grams", "total_weight", None),
    field("note", T, "Note", "note", "note"),
    field("currency", T, "Currency", "currency", "totalPriceSet.shopMoney.currencyCode"),
    field("presentment_currency", T, "Currency the buyer saw", "presentment_currency", "totalPriceSet.presentmentMoney.currencyCode"),
    field("total_price", M, "Total", "total_price", f"totalPriceSet.{_AMOUNT}"),
    field("subtotal_price", M, "Subtotal", "subtotal_price", f"subtotalPriceSet.{_AMOUNT}"),
    field("total_discounts", M, "Discounts", "total_discounts", f"totalDiscountSet.{_AMOUNT}"),
    field("total_tax", M, "Taxes", "total_tax", f"totalTaxSet.{_AMOUNT}"),
    field("total_shipping_price", M, "Shipping", Place(path="shipping_lines", read=_shipping), None),
    field("discount_codes", L, "Discount codes", Place(path="discount_codes", read=codes), "discountCodes"),
    field("customer_id", T, "Customer ID", Place(path="customer.id", read=id_in), Place(path="customer.id", read=id_in)),
    field("customer_email", T, "Customer: email", "customer.email", "customer.defaultEmailAddress.emailAddress"),
    field("customer_first_name", T, "Customer: first name", "customer.first_name", "customer.firstName"),
    field("customer_last_name", T, "Customer: last name", "customer.last_name", "customer.lastName"),
    field("customer_phone", T, "Customer: phone", "customer.phone", "customer.defaultPhoneNumber.phoneNumber"),
    *address("shipping", "Shipping address", "shipping_address", "shippingAddress"),
    *address("billing", "Billing address", "billing_address", "billingAddress"),
)  # fmt: skip
