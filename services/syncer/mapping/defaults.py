"""The default mappings: what HubSpot's own Shopify app fills, and a group of ours for the rest.

Never written: ``hs_closed_date``, ``hs_is_*``, ``hs_external_id`` and ``amount``, which HubSpot
reverts or refuses, and ``hs_product_type``, which takes its own options only. The guides of each
object: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/orders/guide
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.syncer.mapping.rows import Row

CART_LINE_ITEMS: Final = "cart_line_items"


def _row(target: str, converter: str, sources: str = "", empty: str = "") -> Row:
    return Row(target=target, converter=converter, sources=tuple(sources.split()), empty=empty)


def _address(side: str) -> tuple[Row, ...]:
    to = f"hs_{side}_address"
    return (
        _row(f"{to}_street", "street", f"{side}_address1 {side}_address2"),
        _row(f"{to}_city", "text", f"{side}_city"),
        _row(f"{to}_state", "text", f"{side}_province"),
        _row(f"{to}_postal_code", "text", f"{side}_zip"),
        _row(f"{to}_country", "text", f"{side}_country"),
        _row(f"{to}_phone", "text", f"{side}_phone"),
    )


_PERSON = (
    _row("email", "lower", "email"),
    _row("firstname", "text", "first_name"),
    _row("lastname", "text", "last_name"),
    _row("phone", "first", "phone address_phone"),
    _row("company", "text", "address_company"),
    _row("address", "street", "address_address1 address_address2"),
    _row("city", "text", "address_city"),
    _row("state", "text", "address_province"),
    _row("zip", "text", "address_zip"),
    _row("country", "text", "address_country"),
)

_CONTACTS = (
    *_PERSON,
    _row("shopify_sync_key", "key", "id"),
    _row("shopify_customer_id", "text", "id"),
    _row("shopify_store", "shop"),
    _row("shopify_tags", "distinct", "tags"),
    _row("shopify_orders_count", "number", "orders_count", "0"),
    _row("shopify_total_spent", "money", "total_spent", "0"),
    _row("shopify_email_consent", "lower", "email_marketing_state"),
    _row("shopify_sms_consent", "lower", "sms_marketing_state"),
    _row("shopify_note", "text", "note"),
    _row("shopify_created_at", "datetime", "created_at"),
)

_PRODUCTS = (
    _row("name", "variant_name", "parent.title title"),
    _row("description", "html_text", "parent.body_html"),
    _row("price", "money", "price"),
    _row("hs_sku", "text", "sku"),
    _row("hs_cost_of_goods_sold", "money", "cost"),
    _row("hs_images", "first", "image_url parent.image_url"),
    _row("hs_url", "storefront_url", "parent.status parent.published_at parent.handle title id"),
    _row("shopify_sync_key", "key", "id"),
    _row("shopify_product_id", "text", "parent.id"),
    _row("shopify_variant_id", "text", "id"),
    _row("shopify_store", "shop"),
    _row("shopify_vendor", "text", "parent.vendor"),
    _row("shopify_product_type", "text", "parent.product_type"),
    _row("shopify_tags", "distinct", "parent.tags"),
    _row("shopify_status", "lower", "parent.status"),
    _row("shopify_handle", "text", "parent.handle"),
    _row("shopify_variant_title", "variant_title", "title"),
    _row("shopify_barcode", "text", "barcode"),
)

_ORDERS = (
    _row("hs_external_order_id", "text", "id"),
    _row("hs_source_store", "shop"),
    _row("hs_order_name", "text", "name"),
    _row("hs_currency_code", "currency", "currency"),
    _row("hs_total_price", "money", "current_total_price"),
    _row("hs_subtotal_price", "money", "current_subtotal_price"),
    _row("hs_order_discount", "money", "current_total_discounts"),
    _row("hs_tax", "money", "current_total_tax"),
    _row("hs_shipping_cost", "money", "total_shipping_price"),
    _row("hs_discount_codes", "joined", "discount_codes"),
    _row("hs_payment_status", "label", "financial_status"),
    _row("hs_fulfillment_status", "fulfillment_label", "fulfillment_status", "Unfulfilled"),
    _row("hs_shipping_tracking_number", "distinct", "tracking_numbers"),
    _row("hs_shipping_status_url", "distinct", "tracking_urls"),
    _row("hs_external_order_url", "text", "order_status_url"),
    _row("hs_external_order_status", "order_status", "cancelled_at closed_at"),
    _row("hs_tags", "distinct", "tags"),
    _row("hs_external_created_date", "datetime", "created_at"),
    _row("hs_processed_date", "datetime", "processed_at"),
    _row("hs_external_modified_date", "datetime", "updated_at"),
    _row("hs_external_canceled_date", "datetime", "cancelled_at"),
    _row("hs_cancellation_reason", "cancellation_label", "cancel_reason"),
    _row("hs_refund_amount", "money", "total_refunded", "0"),
    _row("hs_external_checkout_id", "text", "checkout_token"),
    _row("hs_external_cart_id", "text", "cart_token"),
    _row("hs_buyer_accepts_marketing", "bool", "buyer_accepts_marketing"),
    _row("hs_landing_site", "text", "landing_site"),
    _row("hs_referring_site", "text", "referring_site"),
    _row("hs_order_note", "text", "note"),
    _row("hs_payment_processing_method", "joined", "payment_gateway_names"),
    _row("hs_shipping_method", "joined", "shipping_method"),
    _row("hs_total_weight", "number", "total_weight"),
    _row("hs_shipping_address_name", "text", "shipping_name"),
    *_address("shipping"),
    _row("hs_billing_address_name", "text", "billing_name"),
    _row("hs_billing_address_firstname", "text", "billing_first_name"),
    _row("hs_billing_address_lastname", "text", "billing_last_name"),
    _row("hs_billing_address_email", "lower", "email"),
    *_address("billing"),
    _row("hs_pipeline", "pipeline"),
    _row(
        "hs_pipeline_stage",
        "stage",
        "cancelled_at fulfillment_status financial_status is_delivered",
    ),
    _row("shopify_sync_key", "key", "id"),
    _row("shopify_currency_note", "currency_note", "currency"),
    _row("shopify_financial_status", "lower", "financial_status"),
)

_LINE = (
    _row("name", "text", "title"),
    _row("price", "money", "price"),
    _row("hs_sku", "text", "sku"),
    _row("discount", "unit_amount", "unit_discount", "0"),
    _row("tax", "money", "tax", "0"),
    _row("hs_line_item_currency_code", "currency", "parent.currency"),
    _row("hs_product_id", "product", "variant_id"),
    _row("shopify_variant_id", "text", "variant_id"),
    _row("shopify_product_id", "text", "product_id"),
)

_CARTS = (
    _row("hs_external_cart_id", "text", "id"),
    _row("hs_cart_name", "text", "name"),
    _row("hs_cart_url", "text", "abandoned_checkout_url"),
    _row("hs_external_status", "completed", "completed_at", "abandoned"),
    _row("hs_external_token", "text", "token"),
    _row("hs_source_store", "shop"),
    _row("hs_currency_code", "currency", "currency"),
    _row("hs_total_price", "money", "total_price"),
    _row("hs_subtotal_price", "money", "subtotal_price"),
    _row("hs_cart_discount", "money", "total_discounts", "0"),
    _row("hs_tax", "money", "total_tax", "0"),
    _row("hs_shipping_cost", "money", "total_shipping_price", "0"),
    _row("hs_discount_codes", "joined", "discount_codes"),
    _row("hs_landing_site", "text", "landing_site"),
    _row("hs_referring_site", "text", "referring_site"),
    _row("hs_total_weight", "number", "total_weight"),
    _row("hs_buyer_accepts_marketing", "bool", "buyer_accepts_marketing"),
    _row("hs_external_created_date", "datetime", "created_at"),
    _row("hs_external_modified_date", "datetime", "updated_at"),
    *_address("shipping"),
    *_address("billing"),
    _row("shopify_sync_key", "key", "id"),
)

DEFAULTS: Final[Mapping[str, tuple[Row, ...]]] = MappingProxyType(
    {
        "contacts": _CONTACTS,
        "products": _PRODUCTS,
        "orders": _ORDERS,
        "line_items": (
            *_LINE,
            _row("quantity", "number", "current_quantity"),
            _row("shopify_sync_key", "key", "id"),
        ),
        "carts": _CARTS,
        CART_LINE_ITEMS: (
            *_LINE,
            _row("quantity", "number", "quantity"),
            _row("shopify_sync_key", "key", "parent.id id"),
        ),
    }
)
"""The rows of each HubSpot object; a cart's lines are line items with a key of their own."""

GUEST_CONTACT: Final = _PERSON
"""What a contact made from an order or checkout gets: the person, nothing of a customer's."""
