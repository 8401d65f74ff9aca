"""What people do beside the product: in HubSpot's pages, and in two shops at once."""

import random
from dataclasses import dataclass, field

from sandbox.hubspot.account import Account
from sandbox.hubspot.people import People
from sandbox.hubspot.records import Record
from sandbox.shopify import actions
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store


@dataclass(slots=True, kw_only=True)
class Doings:
    """What people did in HubSpot: records archived, contacts merged (HubSpot type and id)."""

    archived: list[tuple[str, str]] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)


def meddle(rng: random.Random, hubspot: Account, doings: Doings) -> str:
    """Let somebody do something in HubSpot; what it was."""
    return rng.choice((_merge, _archive, _edit))(rng, hubspot, doings)


def share(rng: random.Random, shopify: Shopify) -> str:
    """Let somebody who is known in one shop be, or become, a customer of another."""
    here, there = rng.sample(list(shopify.stores.values()), 2)
    known = [each for each in here.customers.values() if each["email"]]
    if not known:
        return "nobody to share"
    email = rng.choice(known)["email"]
    if email.lower() in emails_held(there):
        return f"{email} is in both shops"
    # Not by changing somebody's email: one that another contact holds is failing, as promised.
    written = rng.choice((email, email.upper()))
    actions.create_customer(there, email=written, first_name="Same", last_name="Person")
    return f"{email} met in {there.shop} too"


def wake(shopify: Shopify, hubspot: Account, doings: Doings) -> None:
    """Change the customers behind merged contacts: nothing else tells of a merge for now."""
    for record_id in doings.merged:
        record = hubspot.records["contacts"].found(record_id)
        if record is None:
            continue
        emails = emails_of(record)
        for store in shopify.stores.values():
            for each in list(store.customers.values()):
                if each["email"] and each["email"].lower() in emails:
                    actions.change_customer(store, each["id"], note="Called")


def emails_held(store: Store) -> set[str]:
    """The emails of a shop's customers, in lower case."""
    return {each["email"].lower() for each in store.customers.values() if each["email"]}


def emails_of(contact: Record) -> set[str]:
    """All emails a contact answers to, in lower case: its own and those of contacts merged in."""
    names = ("email", "hs_additional_emails")
    written = ";".join(contact.properties.get(name) or "" for name in names)
    return {each for each in written.lower().split(";") if each}


def _merge(rng: random.Random, hubspot: Account, doings: Doings) -> str:
    ids = [each.id for each in _live(hubspot, "contacts")]
    if len(ids) < 2:
        return "nobody to merge"
    primary, other = rng.sample(ids, 2)
    kept = People(hubspot).merge("contacts", primary, other)
    doings.merged.append(str(kept["id"]))
    return f"contact {other} merged into {primary}"


def _archive(rng: random.Random, hubspot: Account, doings: Doings) -> str:
    object_type = rng.choice(("contacts", "orders", "line_items"))
    found = _live(hubspot, object_type)
    if not found:
        return f"no {object_type} to archive"
    record = rng.choice(found)
    People(hubspot).archive(object_type, record.id)
    doings.archived.append((object_type, record.id))
    return f"{object_type} {record.id} archived"


def _edit(rng: random.Random, hubspot: Account, _: Doings) -> str:
    found = _live(hubspot, "contacts")
    if not found:
        return "nobody to edit"
    record = rng.choice(found)
    People(hubspot).edit("contacts", record.id, {"website": "https://example.com"})
    return f"contact {record.id} edited"


def _live(hubspot: Account, object_type: str) -> list[Record]:
    return [each for each in hubspot.records[object_type].by_id.values() if not each.archived]
