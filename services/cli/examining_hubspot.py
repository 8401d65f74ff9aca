"""Whether a HubSpot account lets us do our work, and whether somebody else does it already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson

from services.cli.findings import Finding, lesser, ours, said_of
from services.cli.settings import Settings
from services.shared.contract.bodies import json_object
from services.shared.contract.errors import OursToFixError, SyncError
from services.shared.hubspot.client import API_VERSION, HubSpot
from services.shared.hubspot.problems import problem_in
from services.shared.hubspot.schema import SYNC_KEY, AccountSchema, Shortfall
from services.shared.hubspot.setup import Setup
from services.shared.runtime.network import network_problem
from services.shared.runtime.retrying import Patience

NATIVE_WITHIN = timedelta(days=7)
_PATIENCE = Patience(attempts=2, budget_seconds=5.0)
_SWITCH_OFF = (
    "two syncs double every order: in HubSpot open Settings, Integrations, Connected apps, "
    "Shopify, and turn its syncing off or disconnect it; one sees its records in the order list "
    "by a value in “Source store” and none in “Shopify sync key”"
)


async def examine_hubspot(
    http: httpx.AsyncClient, settings: Settings, currencies: Mapping[str, str]
) -> list[Finding]:
    """Token, scopes, schema, pipelines, HubSpot's own Shopify sync, the stores' ``currencies``."""
    token = settings.hubspot_token.get_secret_value()
    hubspot = HubSpot(http, lambda: token, base_url=settings.hubspot_base_url)
    try:
        schema = await Setup(hubspot, _at_once, patience=_PATIENCE).read()
    except SyncError as error:
        return [ours("HubSpot", f"cannot be read: {said_of(error)}", _to_do(error))]
    findings = schema_findings(schema) + currency_findings(schema.currencies, currencies)
    try:
        native = await native_orders(http, settings, schema, datetime.now(UTC))
    except SyncError as error:
        problem = f"whether its own Shopify sync is on cannot be seen: {said_of(error)}"
        return [*findings, lesser("HubSpot", problem, _to_do(error))]
    return findings + native_findings(native, [each.shop for each in settings.stores])


def schema_findings(schema: AccountSchema) -> list[Finding]:
    """What the account lacks."""
    findings = shortfall_findings(schema.shortfalls)
    if "orders" in schema.properties and not schema.order_pipelines:
        to_do = "make an order pipeline in HubSpot's settings, under Objects, Orders"
        findings.append(lesser("HubSpot orders", "there is no pipeline: no stages", to_do))
    if not schema.currencies:
        to_do = "set the account's currency in HubSpot, Settings, Account defaults"
        findings.append(lesser("HubSpot", "the account has no currency", to_do))
    return findings


def currency_findings(held: frozenset[str], wanted: Mapping[str, str]) -> list[Finding]:
    """The stores whose currency the account has not added; an unknown currency is left out."""
    return [
        lesser(
            "HubSpot",
            f"the account lacks {currency}, the currency of {shop}",
            f"add {currency} in HubSpot, Settings, Account defaults, Currency",
        )
        for shop, currency in wanted.items()
        if currency and currency not in held
    ]


def shortfall_findings(shortfalls: Iterable[Shortfall]) -> list[Finding]:
    """What the account lacks or refuses; the properties still to be made once an object type."""
    to_make: dict[str, list[str]] = {}
    findings: list[Finding] = []
    for each in shortfalls:
        if each.property and each.reason == "missing":
            to_make.setdefault(each.object_type, []).append(each.property)
        else:
            findings.append(_shortfall_finding(each))
    made_at_start = [
        lesser(f"HubSpot {object_type}", f"missing: {_counted(names)}", _MAKE, names)
        for object_type, names in to_make.items()
    ]
    return findings + made_at_start


def _counted(names: Sequence[str]) -> str:
    return f"{len(names)} properties" if len(names) > _NAMED else ", ".join(names)


def _shortfall_finding(each: Shortfall) -> Finding:
    subject = f"HubSpot {each.object_type}"
    about = f"{each.property}: {each.reason}" if each.property else each.reason
    said = f"{about} ({each.detail})" if each.detail else about
    if not each.property:
        return ours(subject, f"cannot be used: {said}", _GRANT)
    return lesser(subject, said, _BY_REASON.get(each.reason, _GRANT))


_NAMED = 3
_MAKE = "start shopsync: it makes them; the token needs the schema's write scope"
_GRANT = "give the token the scopes of this object, read, write and schema, or upgrade the account"
_BY_REASON: Mapping[str, str] = {
    "other_type": "archive or rename the property of that name: ours has another type",
    "read_only": "archive or rename the property of that name: it cannot be written",
    "not_unique": "nothing must be done: records are found by our own memory instead",
}


async def native_orders(
    http: httpx.AsyncClient, settings: Settings, schema: AccountSchema, now: datetime
) -> Sequence[Mapping[str, Any]]:
    """The properties of recently changed orders that have a store and are not ours, newest first.

    https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm

    Raises:
        SyncError: the search failed.
    """
    held = schema.properties.get("orders", {})
    if not {"hs_external_order_id", "hs_source_store"} <= held.keys():
        return []
    body = native_search(now - NATIVE_WITHIN, has_key=SYNC_KEY in held)
    try:
        answer = await http.post(
            f"{settings.hubspot_base_url}/crm/objects/{API_VERSION}/orders/search",
            headers={
                "Authorization": f"Bearer {settings.hubspot_token.get_secret_value()}",
                "Content-Type": "application/json",
            },
            content=orjson.dumps(body),
        )
    except httpx.RequestError as error:
        raise network_problem(error) from None
    problem = problem_in(answer.status_code, answer.headers, answer.content)
    if problem is not None:
        raise problem
    results = (json_object(answer.content) or {}).get("results")
    rows = results if isinstance(results, list) else []
    return [row["properties"] for row in rows if isinstance(row, dict) and "properties" in row]


def native_search(since: datetime, *, has_key: bool) -> Mapping[str, Any]:
    """The search for orders with a store and without our key, changed after ``since``."""
    milliseconds = str(int(since.timestamp() * 1000))
    filters = [
        {"propertyName": "hs_external_order_id", "operator": "HAS_PROPERTY"},
        {"propertyName": "hs_source_store", "operator": "HAS_PROPERTY"},
        {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": milliseconds},
    ]
    if has_key:
        filters.append({"propertyName": SYNC_KEY, "operator": "NOT_HAS_PROPERTY"})
    return {
        "filterGroups": [{"filters": filters}],
        "properties": ["hs_source_store", "hs_external_order_id"],
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "DESCENDING"}],
        "limit": 100,
    }


def native_findings(orders: Sequence[Mapping[str, Any]], shops: Sequence[str]) -> list[Finding]:
    """Which of our ``shops`` another sync writes too."""
    stores = [str(each.get("hs_source_store") or "").lower() for each in orders]
    findings: list[Finding] = []
    for shop in shops:
        # The other sync writes the shop's host, its name, or its address.
        name = shop.partition(".")[0]
        count = sum(store == name or shop in store for store in stores)
        if count:
            problem = f"{count} orders of {shop} were changed by another sync in the last 7 days"
            findings.append(ours("HubSpot", problem, _SWITCH_OFF))
    return findings


def _to_do(error: SyncError) -> str:
    if isinstance(error, OursToFixError):
        return "check SHOPSYNC_HUBSPOT_TOKEN: it must be a living service key or private-app token"
    return "try again; if it stays, look at HubSpot's status page and at your network"


async def _at_once() -> None:
    """A check makes some twenty calls: no queue is needed."""
