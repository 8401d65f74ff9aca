"""``shopsync requests``: what Shopify asks to disclose or erase, and that it was carried out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, NoReturn

import typer

from services.cli.answering import EXIT_CODES, AsJson, Exit, fail, finished, give, say, show
from services.cli.looking import ledger_at, places
from services.cli.settings import Keys, loaded
from services.shared.ledger import compliance, reporting
from services.shared.ledger.compliance import StandingRequest
from services.shared.ledger.concerns import Concern, Concerned, concern_of
from services.shared.ledger.engine import Transaction
from services.shared.ledger.vault import Vault
from services.shared.shopify.compliance import (
    CUSTOMER_REDACT,
    DATA_REQUEST,
    DAYS_GIVEN,
    SHOP_REDACT,
    Asked,
    asked_in,
)

app = typer.Typer(
    no_args_is_help=True,
    help="List and show compliance requests, and mark them done. "
    f"Shopify gives {DAYS_GIVEN} days for each; nothing here carries one out.",
    epilog=EXIT_CODES,
)
COLUMNS = ("id", "store", "topic", "received", "days left", "done")
_LARGEST_ID = 2**31 - 1
_NEVER_SEEN = "never seen"
_WISHES: Mapping[str, str] = MappingProxyType(
    {
        DATA_REQUEST: "give the store's owner what is kept of this customer",
        CUSTOMER_REDACT: "erase this customer and these orders",
        SHOP_REDACT: "erase everything of this store",
    }
)
_IN_HUBSPOT: Mapping[str, str] = MappingProxyType(
    {"customers": "contact", "guests": "contact", "orders": "order", "checkouts": "cart"}
)
RequestId = Annotated[
    int, typer.Argument(min=1, max=_LARGEST_ID, metavar="ID", help="As the list prints it.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A request with what it asks, and what the ledger knows of whom it asks it about.

    ``body`` is there only where it cannot be read; ``records`` counts those of a whole store.
    """

    request: StandingRequest
    asked: Asked | None = field(default=None, repr=False)
    body: str | None = field(default=None, repr=False)
    concern: Concern | None = None
    records: Mapping[str, int] | None = None


@app.command("list")
def list_requests(
    *,
    done_too: Annotated[bool, typer.Option("--all", help="Those that are done as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the requests still to be carried out, oldest first."""
    found = finished(_listed(done_too=done_too))
    if as_json:
        give(found)
    elif found:
        show("Compliance requests", COLUMNS, map(row_of, found))
    else:
        say("Nothing: no compliance request is pending." if not done_too else "Nothing: none came.")


@app.command("show")
def show_request(request_id: RequestId, *, as_json: AsJson = False) -> None:
    """Show what a request asks for, and the records and contacts it is about.

    It prints personal data, and needs SHOPSYNC_ENCRYPTION_KEY: what is asked is kept sealed.
    """
    found = finished(_opened(request_id))
    if found is None:
        _refuse(request_id)
    if as_json:
        give(found)
    else:
        _show(found)


@app.command("done")
def finish_request(request_id: RequestId, *, as_json: AsJson = False) -> None:
    """Mark a request as carried out, by hand: it is pending no more. It may be said again."""
    found = finished(_finished(request_id))
    if found is None:
        _refuse(request_id)
    request, is_new = found
    if as_json:
        give(request)
        return
    was = "is marked as done" if is_new else f"was marked as done at {_moment(request.done_at)}"
    say(f"Request {request.id} ({request.shop}, {request.shopify_topic}) {was}.")


def row_of(request: StandingRequest) -> Sequence[object]:
    """A request as a line under :data:`COLUMNS`."""
    return (
        request.id,
        request.shop,
        request.shopify_topic,
        _moment(request.received_at),
        request.days_left,
        _moment(request.done_at),
    )


async def _listed(*, done_too: bool) -> list[StandingRequest]:
    async with ledger_at(places()) as ledger, ledger.transaction() as tx:
        return await compliance.standing(tx, done_too=done_too)


async def _finished(request_id: int) -> tuple[StandingRequest, bool] | None:
    async with ledger_at(places()) as ledger, ledger.transaction() as tx:
        return await compliance.finish(tx, request_id)


async def _opened(request_id: int) -> Opened | None:
    keys = loaded(Keys)
    async with ledger_at(keys) as ledger, ledger.transaction() as tx:
        found = await compliance.opened(tx, Vault(keys.encryption_keys), request_id)
        return None if found is None else await _looked_into(tx, *found)


async def _looked_into(tx: Transaction, request: StandingRequest, body: str) -> Opened:
    asked = asked_in(request.shopify_topic, body.encode())
    if asked is None:
        return Opened(request=request, body=body or None)
    if request.shopify_topic == SHOP_REDACT:
        return Opened(request=request, asked=asked, records=await _records_of(tx, request.shop))
    concern = await concern_of(tx, request.shop, asked)
    return Opened(request=request, asked=asked, concern=concern)


async def _records_of(tx: Transaction, shop: str) -> Mapping[str, int]:
    counted: Counter[str] = Counter()
    for each in await reporting.counts(tx):
        if each.shop == shop:
            counted[each.kind] += each.records
    return counted


def _refuse(request_id: int) -> NoReturn:
    fail(
        f"There is no compliance request {request_id}. See: shopsync requests list --all",
        Exit.PROBLEM,
    )


def _show(found: Opened) -> None:
    request = found.request
    _show_facts(f"Request {request.id}", zip(COLUMNS[1:], row_of(request)[1:], strict=True))
    say(f"It asks to {_WISHES[request.shopify_topic]}.")
    if found.asked is None:
        _show_unread(found)
        return
    _show_facts("Whom it is about", _facts_of(found.asked))
    if found.concern is not None:
        _show_concern(found.concern)
    if found.records is not None:
        show("Records of the store", ("kind", "records"), found.records.items())
        say(f"Each of them: shopsync records list --shop {request.shop}")


def _show_unread(found: Opened) -> None:
    if found.body is None:
        say(f"Whom it was about is forgotten: it was done more than {DAYS_GIVEN} days ago.")
    else:
        say(f"What it says cannot be read, and is shown as it came:\n{found.body}")


def _facts_of(asked: Asked) -> Iterable[tuple[str, str]]:
    yield "customer", asked.customer_id
    yield "email", asked.email
    yield "phone", asked.phone
    yield "data request", asked.data_request_id
    yield "orders", ", ".join(asked.order_ids)


def _show_facts(title: str, facts: Iterable[tuple[str, object]]) -> None:
    rows = [each for each in facts if each[1] not in ("", None)]
    if rows:
        show(title, ("", ""), rows)


def _show_concern(concern: Concern) -> None:
    contacts = ", ".join(concern.contacts)
    say(
        f"In HubSpot it is contact {contacts}." if contacts else "No contact of HubSpot's is known."
    )
    if concern.records:
        columns = ("record", "label", "status", "in HubSpot", "hubspot id")
        show("Records", columns, map(_record, concern.records))


def _record(each: Concerned) -> Sequence[object]:
    kind = _IN_HUBSPOT[each.key.kind] if each.target_id else ""
    status = each.status.value if each.status else _NEVER_SEEN
    return each.key, each.label, status, kind, each.target_id


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""
