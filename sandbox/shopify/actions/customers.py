"""What happens to customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.shopify import pricing
from sandbox.shopify.actions.addresses import customer_address
from sandbox.shopify.model import Kind, Record, gid, joined_tags, split_tags
from sandbox.shopify.store import Store

CHANGEABLE = (
    "email",
    "phone",
    "first_name",
    "last_name",
    "note",
    "state",
    "verified_email",
    "tax_exempt",
    "locale",
)
_TOPICS_BY_STATE = {"enabled": "customers/enable", "disabled": "customers/disable"}


def find_customer(store: Store, email: str | None, phone: str | None) -> Record | None:
    """The customer with this email, or without one with this phone."""
    name, value = ("email", (email or "").lower()) if email else ("phone", phone)
    if not value:
        return None
    found = (each for each in store.customers.values() if (each[name] or "").lower() == value)
    return next(found, None)


def _consent(store: Store, state: str) -> Record:
    given = store.now() if state != "not_subscribed" else None
    return {"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": given}


def _sms_consent(store: Store, state: str) -> Record:
    return {**_consent(store, state), "consent_collected_from": "SHOPIFY"}


def new_customer(store: Store, given: Mapping[str, Any]) -> Record:
    """A customer's record with the fields given; the caller adds it to the store."""
    number, now = store.new_id("customer"), store.now()
    email, phone = given.get("email"), given.get("phone")
    record: Record = {
        "id": number,
        "admin_graphql_api_id": gid("Customer", number),
        "email": email,
        "phone": phone,
        "first_name": given.get("first_name"),
        "last_name": given.get("last_name"),
        "state": given.get("state", "disabled"),
        "note": given.get("note"),
        "verified_email": bool(email),
        "multipass_identifier": None,
        "tax_exempt": given.get("tax_exempt", False),
        "tax_exemptions": [],
        "currency": store.currency,
        "locale": given.get("locale", "en"),
        "tags": joined_tags(given.get("tags", "")),
        "orders_count": 0,
        "total_spent": "0.00",
        "last_order_id": None,
        "last_order_name": None,
        "email_marketing_consent": _consent(store, "not_subscribed") if email else None,
        "sms_marketing_consent": _sms_consent(store, "not_subscribed") if phone else None,
        "addresses": [],
        "default_address": None,
        "metafields": [],
        "created_at": now,
        "updated_at": now,
    }
    for each in given.get("addresses", ()):
        record["addresses"].append(customer_address(store, record, each))
    record["default_address"] = record["addresses"][0] if record["addresses"] else None
    return record


def create_customer(store: Store, **given: Any) -> Record:
    """A new customer: ``email, phone, first_name, last_name, note, tags, addresses, state …``."""
    _refuse_taken(store, given, None)
    with store.action():
        record = new_customer(store, given)
        store.add(Kind.CUSTOMER, record)
        store.raises("customers/create", Kind.CUSTOMER, record)
        if record["tags"]:
            _raise_tags(store, record, "added", split_tags(record["tags"]))
    return record


def _refuse_taken(store: Store, given: Mapping[str, Any], own: int | None) -> None:
    for name in ("email", "phone"):
        value = given.get(name)
        taken = value and find_customer(store, **{"email": None, "phone": None, name: value})
        if taken and taken["id"] != own:
            raise ValueError(f"{name} has already been taken")


def _raise_tags(store: Store, record: Record, verb: str, tags: Sequence[str]) -> None:
    if tags:
        body = {"customer": record, "tags": list(tags), "occurred_at": store.now()}
        store.raises(f"customer.tags_{verb}", Kind.CUSTOMER_TAGS, body)


def change_customer(store: Store, customer_id: int, **changes: Any) -> Record:
    """Change any of ``CHANGEABLE``, or replace ``addresses``."""
    record = store.customers[customer_id]
    unknown = set(changes) - {*CHANGEABLE, "addresses"}
    if unknown:
        raise ValueError(f"a customer has no {', '.join(sorted(unknown))} to change")
    _refuse_taken(store, changes, customer_id)
    with store.action():
        before = record["state"]
        record.update({name: changes[name] for name in CHANGEABLE if name in changes})
        if "addresses" in changes:
            record["addresses"] = []
            for each in changes["addresses"]:
                record["addresses"].append(customer_address(store, record, each))
            record["default_address"] = record["addresses"][0] if record["addresses"] else None
        _keep_consents(store, record)
        updated(store, record)
        if record["state"] != before and record["state"] in _TOPICS_BY_STATE:
            store.raises(_TOPICS_BY_STATE[record["state"]], Kind.CUSTOMER, record)
    return record


def _keep_consents(store: Store, record: Record) -> None:
    """A consent belongs to an address: without one there is none."""
    if bool(record["email"]) != bool(record["email_marketing_consent"]):
        consent = _consent(store, "not_subscribed") if record["email"] else None
        record["email_marketing_consent"] = consent
    if bool(record["phone"]) != bool(record["sms_marketing_consent"]):
        consent = _sms_consent(store, "not_subscribed") if record["phone"] else None
        record["sms_marketing_consent"] = consent


def updated(store: Store, record: Record) -> None:
    """Move a customer's ``updated_at`` and raise ``customers/update``."""
    store.touch(Kind.CUSTOMER, record)
    store.raises("customers/update", Kind.CUSTOMER, record)


def change_tags(
    store: Store, customer_id: int, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> Record:
    """Add and remove tags; whether ``updated_at`` moves is ``tag_edits_bump``."""
    record = store.customers[customer_id]
    before = set(split_tags(record["tags"]))
    after = (before | set(add)) - set(remove)
    with store.action():
        record["tags"] = joined_tags(sorted(after))
        if after != before:
            store.touch(Kind.CUSTOMER, record, bump=store.tag_edits_bump)
            if store.tag_edits_bump:
                store.raises("customers/update", Kind.CUSTOMER, record)
        _raise_tags(store, record, "added", sorted(after - before))
        _raise_tags(store, record, "removed", sorted(before - after))
    return record


def change_consent(
    store: Store, customer_id: int, email: str | None = None, sms: str | None = None
) -> Record:
    """Set consents: ``subscribed``, ``unsubscribed``, ``pending``, ``not_subscribed`` and so on."""
    record = store.customers[customer_id]
    if (email and not record["email"]) or (sms and not record["phone"]):
        raise ValueError("a consent needs the address it is for")
    with store.action():
        if email:
            record["email_marketing_consent"] = _consent(store, email)
            store.raises("customers_email_marketing_consent/update", Kind.CUSTOMER, record)
        if sms:
            record["sms_marketing_consent"] = _sms_consent(store, sms)
            store.raises("customers_marketing_consent/update", Kind.CUSTOMER, record)
        updated(store, record)
    return record


def delete_customer(store: Store, customer_id: int) -> Record:
    """Delete a customer who has no orders."""
    if store.customers[customer_id]["orders_count"]:
        raise ValueError("a customer with orders can't be deleted")
    with store.action():
        record = store.remove(Kind.CUSTOMER, customer_id)
        for checkout in store.checkouts.values():
            if checkout["customer_id"] == customer_id:
                checkout["customer_id"] = None
        store.raises("customers/delete", Kind.CUSTOMER, record)
    return record


def merge_customers(store: Store, kept_id: int, deleted_id: int) -> Record:
    """Merge two customers: orders, checkouts, tags and what the kept one lacks move over."""
    if kept_id == deleted_id:
        raise ValueError("a customer can't be merged with itself")
    kept, gone = store.customers[kept_id], store.customers[deleted_id]
    with store.action():
        for kind in (Kind.ORDER, Kind.CHECKOUT):
            for record in store.table(kind).values():
                if record["customer_id"] == deleted_id:
                    record["customer_id"] = kept_id
                    if kind is Kind.CHECKOUT and "customer_id" in record["basket"]:
                        record["basket"]["customer_id"] = kept_id
        _absorb(store, kept, gone)
        store.remove(Kind.CUSTOMER, deleted_id)
        updated(store, kept)
        body = {"kept_id": kept_id, "deleted_id": deleted_id, "status": "completed", "errors": []}
        store.raises("customers/merge", Kind.CUSTOMER_MERGE, body)
        store.raises("customers/delete", Kind.CUSTOMER, gone)
        if gone["orders_count"]:
            store.raises("customers/purchasing_summary", Kind.CUSTOMER, kept)
    return kept


def _absorb(store: Store, kept: Record, gone: Record) -> None:
    for name in ("email", "phone", "first_name", "last_name", "note"):
        kept[name] = kept[name] or gone[name]
    kept["tags"] = joined_tags([*split_tags(kept["tags"]), *split_tags(gone["tags"])])
    for each in gone["addresses"]:
        moved = {**each, "customer_id": kept["id"], "default": not kept["addresses"]}
        kept["addresses"].append(moved)
    kept["default_address"] = kept["addresses"][0] if kept["addresses"] else None
    _keep_consents(store, kept)
    count_orders(store, kept)


def count_orders(store: Store, customer: Record) -> None:
    """Set a customer's order count, total spent and last order from the orders there are."""
    own = [each for each in store.orders.values() if each["customer_id"] == customer["id"]]
    last = max(own, key=lambda each: each["created_at"], default=None)
    spent = sum(pricing.paid(each) - pricing.refunded(each) for each in own)
    customer["orders_count"] = len(own)
    customer["total_spent"] = f"{spent:.2f}"
    customer["last_order_id"] = last["id"] if last else None
    customer["last_order_name"] = last["name"] if last else None
