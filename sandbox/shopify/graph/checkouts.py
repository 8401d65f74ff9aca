"""Abandoned checkouts; recovered ones are among them."""

from __future__ import annotations

from sandbox.shopify.graph.lines import checkout_line_items
from sandbox.shopify.graph.reaching import customer_of, makes
from sandbox.shopify.graph.views import (
    View,
    address,
    always,
    attributes,
    bag_at,
    listed,
    same,
    tax_lines,
    time,
    type_of,
)
from sandbox.shopify.model import Kind, Record
from sandbox.shopify.store import Store

CHECKOUT = type_of(
    "AbandonedCheckout",
    {
        "id": same("admin_graphql_api_id"),
        "name": same("name"),
        "abandonedCheckoutUrl": same("abandoned_checkout_url"),
        "createdAt": time("created_at"),
        "updatedAt": time("updated_at"),
        "completedAt": time("completed_at"),
        "customer": customer_of,
        "billingAddress": lambda view: address(view, "billing_address"),
        "shippingAddress": lambda view: address(view, "shipping_address"),
        "note": lambda view: view.record["note"] or "",
        "customAttributes": attributes("note_attributes"),
        "discountCodes": lambda view: [each["code"] for each in view.record["discount_codes"]],
        "lineItems": listed(checkout_line_items),
        "lineItemsQuantity": lambda view: sum(e["quantity"] for e in view.record["line_items"]),
        "subtotalPriceSet": bag_at("subtotal_price_set"),
        "totalPriceSet": bag_at("total_price_set"),
        "totalDiscountSet": bag_at("total_discounts_set"),
        "totalLineItemsPriceSet": bag_at("total_line_items_price_set"),
        "totalTaxSet": bag_at("total_tax_set"),
        "totalDutiesSet": always(None),
        "taxLines": lambda view: tax_lines(view.record["tax_lines"]),
        "taxesIncluded": same("taxes_included"),
    },
    ("billingAddress", "shippingAddress"),
)


@makes(Kind.CHECKOUT)
def checkout_view(store: Store, record: Record) -> View:
    """The view of a checkout."""
    return View(CHECKOUT, store, record)
