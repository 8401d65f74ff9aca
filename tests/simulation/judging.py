"""Whether a history ended well: HubSpot as the tables want it, and the ledger in order."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

import orjson

from sandbox.expected.comparison import compare
from sandbox.expected.verdict import Difference, Problem, Settings, Verdict
from sandbox.hubspot.account import Account
from sandbox.hubspot.backstage import dump
from sandbox.shopify.delivery import Delivery
from sandbox.shopify.model import written
from sandbox.shopify.shopify import Shopify
from services.shared.contract.topics import CONSUMED_TOPICS, DEAD_TOPICS
from services.shared.ledger.engine import statement
from tests.simulation.people import Doings, emails_held, emails_of
from tests.simulation.product import ABANDONED_AFTER, Product
from tests.support.virtual_time import virtual_now

_WAITING = statement(
    """SELECT shop, kind, id, status, reason, detail FROM sources
    WHERE status IN ('waiting', 'failing') ORDER BY shop, kind, id"""
)
_LINKS = statement(
    """SELECT shop, from_kind, from_id, to_kind, to_id, state FROM links
    WHERE state <> 'done' ORDER BY shop, from_kind, from_id, to_kind, to_id"""
)
_SOURCES = statement("SELECT shop, kind, id, status, reason, target_id FROM sources")
# One that ran out with its owner is whose comes next.
_CLAIMS = statement("SELECT key FROM claims WHERE until > {now} ORDER BY key")
_TOLD_BY_WEBHOOKS = ("orders", "checkouts")
# What the simulated shops never change once it is there.
_WEBHOOK_ONLY = ("landing_site", "referring_site")
_TYPES = {
    "customers": "contacts",
    "guests": "contacts",
    "orders": "orders",
    "checkouts": "carts",
    "variants": "products",
    "line_items": "line_items",
    "cart_lines": "line_items",
}


async def left_to_do(product: Product, kept_apart: Collection[str]) -> list[str]:
    """What is not settled yet: events, records, links; and who is failing without a cause.

    ``kept_apart`` are the customers who must be failing: another contact holds their email.
    """
    if product.ledger is None or product.log is None:
        return ["not ready"]
    lag = await product.log.lag("syncer")
    left = [
        f"{partition}: {each.events} events"
        for partition, each in lag.items()
        if partition.topic in CONSUMED_TOPICS and each.events
    ]
    async with product.ledger.transaction() as tx:
        waiting = list(await tx.run(_WAITING))
        for query in (_LINKS, _CLAIMS):
            left += [" ".join(map(str, row)) for row in await tx.run(query)]
    taken = {f"{each.shop}/{each.id}": each for each in waiting if each.reason == "email_taken"}
    left += [" ".join(map(str, row)) for row in waiting if row not in taken.values()]
    left += [f"{each}: email taken or not?" for each in sorted(taken.keys() ^ set(kept_apart))]
    return left


def judged(shopify: Shopify, hubspot: Account) -> Verdict:
    """What HubSpot shows, against what it must."""
    return compare(
        {shop: orjson.loads(written(each.records())) for shop, each in shopify.stores.items()},
        orjson.loads(orjson.dumps(dump(hubspot))),
        Settings(
            now=virtual_now() - timedelta(seconds=90),
            abandoned_after=ABANDONED_AFTER,
            currencies=frozenset({"EUR", "USD", "GBP"}),
        ),
    )


def differences(
    verdict: Verdict, shopify: Shopify, hubspot: Account, doings: Doings
) -> list[Difference]:
    """What HubSpot shows otherwise than it must, but for what people did to it themselves."""
    excused, filled = _excused(hubspot, doings), _filled(hubspot)
    left = _left_behind(shopify, hubspot)
    return [
        each
        for each in verdict.differences
        if not (_is_excused(each, excused) or _is_filled(each, filled) or _is_left(each, left))
    ]


async def disorder(product: Product, shopify: Shopify, hubspot: Account) -> list[str]:
    """What the ledger and the log do not account for."""
    if product.ledger is None or product.log is None:
        return ["not ready"]
    async with product.ledger.transaction() as tx:
        rows = list(await tx.run(_SOURCES))
    wrong = [f"{each}: bug" for each in product.bugs]
    wrong += unaccounted(shopify, {(row.shop, row.kind, row.id) for row in rows})
    wrong += untrue(hubspot, rows)
    lag = await product.log.lag("dead-letters")
    wrong += [
        f"{p}: {n.events} dead letters"
        for p, n in lag.items()
        if p.topic in DEAD_TOPICS and n.events
    ]
    return wrong


def unheard(deliveries: Iterable[Delivery], hubspot: Account, doings: Doings) -> list[str]:
    """What webhooks told and no read shows, and HubSpot does not show though they were taken."""
    excused = _excused(hubspot, doings)
    shown = {
        record.properties.get("shopify_sync_key"): record.properties
        for object_type in ("orders", "carts")
        for record in hubspot.records[object_type].by_id.values()
        if not record.archived
    }
    wrong = []
    for each in deliveries:
        kind = each.message.topic.partition("/")[0]
        if kind not in _TOLD_BY_WEBHOOKS or each.outcome != "delivered":
            continue
        body = orjson.loads(each.message.body)
        key = f"{each.message.shop}/{body.get('id')}"
        record = shown.get(key)
        if record is None or key.lower() in excused:
            continue
        wrong += [
            f"{key}: {name} was told by a webhook, and is not there"
            for name in _WEBHOOK_ONLY
            if body.get(name) and record.get(f"hs_{name}") != body[name]
        ]
    return sorted(set(wrong))


def unaccounted(shopify: Shopify, known: set[tuple[str, str, str]]) -> list[str]:
    """Records of Shopify that the ledger, which knows these, has never heard of."""
    wrong = []
    for shop, store in shopify.stores.items():
        for kind in ("customers", "products", "orders"):
            ids = {str(each) for each in getattr(store, kind)}
            wrong += [
                f"{shop}/{kind}/{each}: unknown to the ledger"
                for each in sorted(ids)
                if (shop, kind, each) not in known
            ]
    return wrong


def untrue(hubspot: Account, rows: Iterable[Any]) -> list[str]:
    """Sources that the ledger calls in sync, whose HubSpot record is not there."""
    wrong = []
    holders: Counter[tuple[str, str]] = Counter()
    for row in rows:
        kind, target, status = row.kind, row.target_id, row.status
        if status != "in_sync" or kind not in _TYPES:
            continue
        name = f"{row.shop}/{kind}/{row.id}"
        record = hubspot.records[_TYPES[kind]].found(target or "")
        if target is None or record is None:
            wrong.append(f"{name}: in sync, its target {target} is not there")
        elif kind not in {"customers", "guests"}:
            holders[kind, target] += 1
    wrong += [f"{kind} {target}: {n} sources" for (kind, target), n in holders.items() if n > 1]
    return wrong


def _excused(hubspot: Account, doings: Doings) -> set[str]:
    """Keys and emails of what people archived, and of all that hung on it."""
    excused: set[str] = set()
    for object_type, record_id in doings.archived:
        record = hubspot.records[object_type].by_id.get(record_id)
        if record is None:
            continue
        excused.add((record.properties.get("shopify_sync_key") or "").lower())
        excused.update(emails_of(record))
        for to_type in ("line_items", "orders", "carts"):
            for to_id in hubspot.associations.of(object_type, record_id, to_type):
                other = hubspot.records[to_type].by_id.get(to_id)
                if other is not None:
                    excused.add((other.properties.get("shopify_sync_key") or "").lower())
    return excused - {""}


def _filled(hubspot: Account) -> set[str]:
    """Keys of contacts that others were merged into: HubSpot filled with theirs what was empty."""
    return {
        contact.properties.get("shopify_sync_key") or ""
        for contact in hubspot.records["contacts"].by_id.values()
        if contact.properties.get("hs_merged_object_ids")
    }


def _left_behind(shopify: Shopify, hubspot: Account) -> set[str]:
    """Contacts whose last customer left them: they stay, and show whose they were."""
    held = {email for store in shopify.stores.values() for email in emails_held(store)}
    contacts = hubspot.records["contacts"].by_id.values()
    return {contact.id for contact in contacts if held.isdisjoint(emails_of(contact))}


def _is_left(difference: Difference, left: set[str]) -> bool:
    if difference.problem is not Problem.DOUBLED or difference.kind != "contacts":
        return False
    found = difference.found
    return isinstance(found, frozenset) and len(found - left) <= 1


def _is_filled(difference: Difference, filled: set[str]) -> bool:
    is_empty = difference.problem is Problem.DIFFERENT and not difference.expected
    return difference.kind == "contacts" and is_empty and difference.id in filled


def _is_excused(difference: Difference, excused: set[str]) -> bool:
    if difference.problem is Problem.DOUBLED:
        return False
    names = {difference.id.lower(), str(difference.expected).lower()}
    return not names.isdisjoint(excused)
