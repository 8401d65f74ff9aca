"""``shopsync records``: where each Shopify record stands, why, and try it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NoReturn

import typer

from services.cli.answering import (
    EXIT_CODES,
    AsJson,
    Exit,
    fail,
    finished,
    give,
    plain,
    say,
    show,
    show_some,
)
from services.cli.choosing import refuse_kind, refuse_reason, unknown_store
from services.cli.explaining import remarks
from services.cli.looking import ledger_at, places
from services.cli.missing import absence_of, explained
from services.shared.contract.errors import EventAtFaultError
from services.shared.contract.keys import SourceKey, source_key_in
from services.shared.ledger import reporting
from services.shared.ledger.reporting import Chosen, Standing, Story
from services.shared.ledger.sources import Status

app = typer.Typer(
    no_args_is_help=True,
    help="List, show and retry records. A record's key is SHOP/KIND/ID, "
    "such as acme.myshopify.com/orders/5001.",
    epilog=EXIT_CODES,
)
_MOST_RETRIED = 1_000_000
_COLUMNS = ("record", "label", "status", "reason", "detail", "hubspot id", "changed", "due")
Shop = Annotated[str, typer.Option(help="Only this store (full host).")]
Kind = Annotated[str, typer.Option(help="Only these: customers, products, orders, checkouts, …")]
Reason = Annotated[str, typer.Option(help="Only records with this reason.")]
MaybeStatus = Annotated[Status | None, typer.Option(help="Only records standing there.")]


@app.command("list")
def list_records(  # noqa: PLR0913 - the options of a command line
    *,
    shop: Shop = "",
    kind: Kind = "",
    status: MaybeStatus = None,
    reason: Reason = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List records, in order of their keys."""
    refuse_kind(kind)
    chosen = Chosen(shop=shop, kind=kind, status=status or "", reason=reason)
    found = finished(_listed(chosen, limit + 1))
    if not found:
        _refuse_absurd(chosen)
    if as_json:
        give(found[:limit])
        return
    nothing = "no record is as asked for."
    show_some("Records", _COLUMNS, [*map(_row, found)], limit=limit, nothing=nothing)


@app.command("show")
def show_record(
    record: Annotated[str, typer.Argument(help="SHOP/KIND/ID, or a name such as #1001")],
    *,
    shop: Shop = "",
    as_json: AsJson = False,
) -> None:
    """Show one record with its parts, its links, what it is in HubSpot, and why it is not.

    Ends with 1 if the record was never seen; what may be the reason is said then too.
    """
    key = _key(record) if "/" in record else _called(record, shop)
    story = finished(_story(key))
    if story is None:
        _show_absence(key, as_json=as_json)
    elif as_json:
        give({**plain(story), "remarks": remarks(story)})
    else:
        _show(story)


@app.command("retry")
def retry_records(  # noqa: PLR0913 - the options of a command line
    keys: Annotated[list[str] | None, typer.Argument(help="SHOP/KIND/ID, any number")] = None,
    *,
    shop: Shop = "",
    kind: Kind = "",
    status: MaybeStatus = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Try records again at once: those named, or all that stand in --status.

    A record that people archived in HubSpot is made anew.
    """
    if bool(keys) == bool(status):
        fail("Name records, or choose them by --status.", Exit.USAGE)
    if keys and (shop or kind or reason):
        fail("Records that are named are not chosen by --shop, --kind or --reason.", Exit.USAGE)
    if status is Status.DELETED:
        fail("What was deleted in Shopify cannot be tried again.", Exit.USAGE)
    refuse_kind(kind)
    named = [_key(each) for each in dict.fromkeys(keys or ())]
    chosen = Chosen(shop=shop, kind=kind, status=status or "", reason=reason)
    done = finished(_retried(named, chosen if status else None))
    if not done:
        _refuse_absurd(chosen)
    if as_json:
        give(done)
    else:
        say(f"{len(done)} records are due now.")
    if len(done) < len(named):
        fail("The others were never seen, or were deleted in Shopify.", Exit.PROBLEM)


def _refuse_absurd(chosen: Chosen) -> None:
    """Nothing was chosen: end with wrong usage if nothing ever can be."""
    refuse_reason(chosen.reason)
    if chosen.shop and (said := finished(unknown_store(chosen.shop))):
        fail(said, Exit.USAGE)


def _called(name: str, shop: str) -> SourceKey:
    """The one record that people call ``name``; several are listed, none is a problem."""
    found = finished(_labelled(name, shop))
    if not found:
        fail(f"No record is called {name}. Look for it by its key: SHOP/KIND/ID", Exit.PROBLEM)
    if len(found) > 1:
        show(f"Called {name}", _COLUMNS, map(_row, found))
        fail("Name one of them by its key, or choose the store by --shop.", Exit.PROBLEM)
    return found[0].key


async def _labelled(name: str, shop: str) -> list[Standing]:
    names = (name, f"#{name.removeprefix('#')}")
    async with ledger_at(places()) as ledger, ledger.transaction() as tx:
        return await reporting.labelled(tx, names, shop)


def _show_absence(key: SourceKey, *, as_json: bool) -> NoReturn:
    absence = finished(absence_of(key))
    if as_json:
        give({**plain(absence), "remarks": explained(absence)})
        raise typer.Exit(Exit.PROBLEM)
    fail("\n".join([f"{key} was never seen.", *explained(absence)]), Exit.PROBLEM)


async def _listed(chosen: Chosen, most: int) -> list[Standing]:
    async with ledger_at(places()) as ledger, ledger.transaction() as tx:
        return await reporting.listed(tx, chosen, most)


async def _story(key: SourceKey) -> Story | None:
    async with ledger_at(places()) as ledger, ledger.transaction() as tx:
        return await reporting.story(tx, key)


async def _retried(keys: Sequence[SourceKey], chosen: Chosen | None) -> list[SourceKey]:
    async with ledger_at(places()) as ledger, ledger.transaction() as tx:
        if chosen is not None:
            found = await reporting.listed(tx, chosen, _MOST_RETRIED)
            keys = [each.key for each in found]
        return await reporting.retry(tx, keys)


def _key(text: str) -> SourceKey:
    try:
        key = source_key_in(text)
    except EventAtFaultError:
        fail(f"{text} is no key: it must be SHOP/KIND/ID", Exit.USAGE)
    refuse_kind(key.kind)
    return key


def _show(story: Story) -> None:
    facts = zip(_COLUMNS, _row(story.standing), strict=True)
    show("Record", ("", ""), [(name, value) for name, value in facts if value])
    for remark in remarks(story):
        say(remark)
    if story.parts:
        show("Parts", _COLUMNS, map(_row, story.parts))
    if story.links:
        rows = [
            (f"{each.from_kind}/{each.from_id}", f"{each.to_kind}/{each.to_id}", each.state)
            for each in story.links
        ]
        show("Links", ("from", "to", "state"), rows)
    if story.targets:
        targets = [(each.object_type, each.id, each.winner) for each in story.targets]
        show("In HubSpot", ("object", "id", "values of"), targets)


def _row(each: Standing) -> Sequence[object]:
    return (
        each.key,
        each.label,
        each.status.value,
        each.reason,
        each.detail,
        each.target_id,
        _moment(each.changed_at or each.updated_at),
        _moment(each.due_at),
    )


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""
