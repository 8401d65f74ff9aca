"""What HubSpot itself defines, as a new account has it: properties, options, stages, links.

The guides of orders, carts, products, line items and contacts under
https://developers.hubspot.com/docs/api-reference/latest/crm/objects/.
"""

_ADDRESS = ("street", "city", "state", "postal_code", "country", "phone")

# name -> type; a trailing "!" marks what only HubSpot sets (`modificationMetadata.readOnlyValue`),
# "=" what it computes.
_EVERY = {
    "hs_object_id": "number!",
    "hs_merged_object_ids": "enumeration!",
    "hs_object_source_label": "enumeration!",
}

PROPERTIES: dict[str, dict[str, str]] = {
    "contacts": _EVERY
    | {
        "createdate": "datetime!",
        "lastmodifieddate": "datetime!",
        "email": "string",
        "hs_additional_emails": "enumeration!",
        "firstname": "string",
        "lastname": "string",
        "phone": "phone_number",
        "mobilephone": "phone_number",
        "address": "string",
        "city": "string",
        "state": "string",
        "zip": "string",
        "country": "string",
        "company": "string",
        "website": "string",
        "lifecyclestage": "enumeration",
        "hs_lead_status": "enumeration",
        "hubspot_owner_id": "enumeration",
        "hs_email_optout": "bool!",
        "hs_marketable_status": "enumeration!",
    },
    "products": _EVERY
    | {
        "createdate": "datetime!",
        "hs_lastmodifieddate": "datetime!",
        "name": "string",
        "description": "string",
        "price": "number",
        "hs_sku": "string",
        "hs_cost_of_goods_sold": "number",
        "hs_images": "string",
        "hs_url": "string",
        "hs_rich_text_description": "string",
        "hs_price_usd": "number",
        "hs_price_eur": "number",
        "hs_tax_category": "string",
        "hs_pricing_model": "enumeration",
        "hs_tier_ranges": "string",
        "hs_tier_prices": "string",
        "hs_product_type": "enumeration",
        "hs_product_classification": "enumeration!",
        "hs_bundle_type": "enumeration!",
        "hs_status": "enumeration",
        "recurringbillingfrequency": "enumeration",
        "hs_recurring_billing_period": "string",
        "hubspot_owner_id": "enumeration",
    },
    "line_items": _EVERY
    | {
        "createdate": "datetime!",
        "hs_createdate": "datetime!",
        "hs_lastmodifieddate": "datetime!",
        "name": "string",
        "description": "string",
        "quantity": "number",
        "price": "number",
        "discount": "number",
        "hs_discount_percentage": "number",
        "tax": "number",
        "amount": "number=",
        "hs_sku": "string",
        "hs_product_id": "number",
        "hs_line_item_currency_code": "enumeration",
        "hs_cost_of_goods_sold": "number",
        "hs_images": "string",
        "hs_url": "string",
        "hs_tax_rate_group_id": "string",
        "hs_external_id": "string",
        "recurringbillingfrequency": "enumeration",
        "hs_recurring_billing_period": "string",
        "hs_recurring_billing_start_date": "date",
        "hs_recurring_billing_number_of_payments": "number",
        "hs_pre_discount_amount": "number=",
        "hs_post_tax_amount": "number=",
        "hs_margin": "number=",
        "hs_margin_acv": "number=",
        "hs_margin_arr": "number=",
        "hs_margin_mrr": "number=",
        "hs_margin_tcv": "number=",
    },
    "orders": _EVERY
    | {
        "hs_createdate": "datetime!",
        "hs_lastmodifieddate": "datetime!",
        "hs_order_name": "string",
        "hs_external_order_id": "string",
        "hs_external_order_url": "string",
        "hs_external_order_status": "string",
        "hs_external_cart_id": "string",
        "hs_external_checkout_id": "string",
        "hs_source_store": "string",
        "hs_currency_code": "enumeration",
        "hs_total_price": "number",
        "hs_subtotal_price": "number",
        "hs_order_discount": "number",
        "hs_discount_codes": "string",
        "hs_tax": "number",
        "hs_shipping_cost": "number",
        "hs_refund_amount": "number",
        "hs_exchange_rate": "number=",
        "hs_homecurrency_amount": "number=",
        "hs_payment_processing_method": "string",
        "hs_payment_status": "string",
        "hs_external_created_date": "datetime",
        "hs_external_modified_date": "datetime",
        "hs_processed_date": "datetime",
        "hs_external_canceled_date": "datetime",
        "hs_closed_date": "datetime!",
        "hs_pipeline": "enumeration",
        "hs_pipeline_stage": "enumeration",
        "hs_fulfillment_status": "string",
        "hs_cancellation_reason": "string",
        "hs_is_canceled": "bool=",
        "hs_is_closed": "bool=",
        "hs_shipping_method": "string",
        "hs_shipping_tracking_number": "string",
        "hs_shipping_status_url": "string",
        "hs_total_weight": "string",
        "hs_shipping_address_name": "string",
        **{f"hs_shipping_address_{each}": "string" for each in _ADDRESS},
        "hs_billing_address_name": "string",
        "hs_billing_address_firstname": "string",
        "hs_billing_address_lastname": "string",
        "hs_billing_address_email": "string",
        **{f"hs_billing_address_{each}": "string" for each in _ADDRESS},
        "hs_landing_site": "string",
        "hs_referring_site": "string",
        "hs_source_id": "string",
        "hs_buyer_accepts_marketing": "bool",
        "hs_tags": "string",
        "hs_order_note": "string",
        "hubspot_owner_id": "enumeration",
    },
    "carts": _EVERY
    | {
        "hs_createdate": "datetime!",
        "hs_lastmodifieddate": "datetime!",
        "hs_cart_name": "string",
        "hs_cart_url": "string",
        "hs_external_cart_id": "string",
        "hs_external_status": "string",
        "hs_external_token": "string",
        "hs_source_store": "string",
        "hs_discount_codes": "string",
        "hs_landing_site": "string",
        "hs_referring_site": "string",
        "hs_tags": "string",
        "hs_total_weight": "string",
        **{f"hs_billing_address_{each}": "string" for each in _ADDRESS},
        **{f"hs_shipping_address_{each}": "string" for each in _ADDRESS},
        "hs_total_price": "number",
        "hs_subtotal_price": "number",
        "hs_cart_discount": "number",
        "hs_tax": "number",
        "hs_shipping_cost": "number",
        "hs_homecurrency_amount": "number=",
        "hs_currency_code": "enumeration",
        "hs_external_created_date": "datetime",
        "hs_external_modified_date": "datetime",
        "hs_buyer_accepts_marketing": "bool",
    },
}

LIFECYCLE = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)

OPTIONS: dict[str, tuple[str, ...]] = {
    "lifecyclestage": LIFECYCLE,
    "hs_lead_status": ("NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "CONNECTED"),
    "hs_product_type": ("service", "inventory", "non_inventory"),
    "hs_product_classification": ("standalone", "variant", "bundle"),
    "hs_bundle_type": ("fixed", "flexible"),
    "hs_pricing_model": ("flat", "tiered_volume", "tiered_graduated"),
    "hs_status": ("active", "inactive"),
    "recurringbillingfrequency": (
        "weekly",
        "biweekly",
        "monthly",
        "quarterly",
        "per_six_months",
        "annually",
    ),
    "hs_marketable_status": ("true", "false"),
}

# Their values live elsewhere (pipelines, users, currencies): the definition lists none.
EXTERNAL_OPTIONS = frozenset(
    {
        "hs_pipeline",
        "hs_pipeline_stage",
        "hubspot_owner_id",
        "hs_additional_emails",
        "hs_merged_object_ids",
        "hs_object_source_label",
    }
)

FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "bool": "booleancheckbox",
    "datetime": "date",
    "date": "date",
    "enumeration": "select",
    "phone_number": "phonenumber",
}

GROUPS = {
    "contacts": "contactinformation",
    "products": "productinformation",
    "line_items": "lineiteminformation",
    "orders": "order_information",
    "carts": "cart_information",
}

DEFAULT_PIPELINE = "14a2e10e-5471-408a-906e-c51f3b04369e"

# label, id, state; the same ids in every account seen. Which are closed is data of the account.
ORDER_STAGES = (
    ("Open", "4b27b500-f031-4927-9811-68a0b525cbae", "OPEN"),
    ("Processed", "937ea84d-0a4f-4dcf-9028-3f9c2aafbf03", "CLOSED"),
    ("Shipped", "aa99e8d0-c1d5-4071-b915-d240bbb1aed9", "CLOSED"),
    ("Delivered", "3725360f-519b-4b18-a593-494d60a29c9f", "CLOSED"),
    ("Cancelled", "3c85a297-e9ce-400b-b42e-9f16853d69d6", "CLOSED"),
)

# The type of an unlabelled association by its two ends. Products have none: HubSpot does not
# associate them.
ASSOCIATION_TYPES = {
    ("orders", "contacts"): 507,
    ("contacts", "orders"): 508,
    ("orders", "line_items"): 513,
    ("line_items", "orders"): 514,
    ("carts", "contacts"): 586,
    ("contacts", "carts"): 587,
    ("carts", "line_items"): 590,
    ("line_items", "carts"): 591,
    ("carts", "orders"): 592,
    ("orders", "carts"): 593,
}

# ISO 4217 codes HubSpot knows; an account uses those it has added.
CURRENCIES = (
    "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP",
    "CZK", "DKK", "EGP", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR",
    "ISK", "JPY", "KES", "KRW", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD",
    "PEN", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "SAR", "SEK", "SGD",
    "THB", "TRY", "TWD", "UAH", "USD", "UYU", "VND", "ZAR",
)  # fmt: skip
