"""Before the first write to a real account: say what it would be, and ask.

The answer is kept in the ledger, store by store, with how far back the sync goes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.cli.agreements import floor_of, record_agreement, unconfirmed
from services.cli.answering import UndecidedError, say, show
from services.cli.engines import Engines
from services.cli.previewing import Preview, Told, previewed
from services.shared.contract.errors import WorldAtFaultError
from services.shared.contract.reasons import NETWORK_PREFIX
from services.syncer.forecasting import Fate, Line

WORD = "sync"
_AGAIN_SECONDS = 5.0
_COLUMNS = ("in HubSpot", "create", "update", "adopt", "share", "exclude", "why excluded")
_LEGEND = """create: HubSpot has none. update: written by shopsync before.
adopt: already in HubSpot (a contact with that email, a record of HubSpot's own Shopify sync):
taken over and written to. share: several customers with one email are one contact.
exclude: kept out for the reason given, and looked at again whenever it changes."""
_BEGUN = """
The first sync begins. How far it is stands below every ten seconds, and in another terminal:
shopsync status. Ctrl-C ends it; the next start goes on."""


async def agree(base: Engines, *, yes: bool) -> None:
    """Returns once the first sync of every store is agreed to; at once if it was before.

    Raises:
        UndecidedError: nobody agreed. Nothing was written to HubSpot.
        OursToFixError: a vendor refuses our credentials.
    """
    await base.connections.refresh()
    new = await unconfirmed(base.ledger, base.connections.active_shops())
    if not new:
        return
    since = base.settings.since
    say(f"First sync of {' and '.join(new)}: counting what it would do. Nothing is written yet.")
    _show(await _counted(base, new, floor_of(since)), since)
    if not yes:
        _ask()
    await record_agreement(base.ledger, new, since)
    say(_BEGUN)


async def _counted(base: Engines, shops: Sequence[str], floor: datetime | None) -> Preview:
    """The preview; an outage is waited for, since whoever starts us may not look."""
    while True:
        try:
            with _progress() as told:
                return await previewed(base, shops, floor, told)
        except WorldAtFaultError as problem:
            wait = problem.retry_after or _AGAIN_SECONDS
            say(f"Not now: {_trouble(problem)}. Trying again in {wait:g} s.")
            await asyncio.sleep(wait)


def _trouble(problem: WorldAtFaultError) -> str:
    if problem.reason.startswith(NETWORK_PREFIX) and problem.detail:
        return (
            f"{problem.detail} does not answer ({problem.reason}); can this machine reach it "
            "(network, DNS, firewall, proxy)"
        )
    return f"{problem.reason} ({problem.detail})" if problem.detail else problem.reason


@contextmanager
def _progress() -> Iterator[Told]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:g} read"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {"": progress.add_task("Looking at HubSpot's schema", total=None)}

        def told(where: str, what: str, more: int) -> None:
            name = f"{where}: {what}"
            if name not in tasks:
                progress.update(max(tasks.values()), total=1, completed=1, visible=False)
                tasks[name] = progress.add_task(name, total=None)
            progress.advance(tasks[name], more)

        yield told


def _show(preview: Preview, since: date | None) -> None:
    lines = sorted(preview.forecast.lines.items())
    what = f"what changed since {since}" if since else "everything there is"
    for shop in dict.fromkeys(shop for (shop, _), _ in lines):
        rows = [_row(name, line) for (each, name), line in lines if each == shop]
        show(f"\n{shop}: {what}", _COLUMNS, rows)
    say(f"\n{_LEGEND}")
    for shop, kind in preview.cut_short:
        say(f"{shop} has more than 25,000 {kind}: at least these.")
    if since:
        say("Customers and products that these orders refer to are brought along.")


def _row(name: str, line: Line) -> Sequence[object]:
    fates = [line.fates[each] or "" for each in Fate]
    fates[0] = f"{fates[0]} ({line.guests} guests)" if line.guests else fates[0]
    why = ", ".join(f"{count} {reason}" for reason, count in line.reasons.most_common())
    return (name, *fates, why)


def _ask(read: Callable[[str], str] = input) -> None:
    if not sys.stdin.isatty():
        raise UndecidedError(
            "Nobody is there to agree to the first sync. Look at the table above, then start with "
            "--yes (or SHOPSYNC_YES=true), perhaps with --since DATE. Nothing was written."
        )
    try:
        answer = read(f'Type "{WORD}" to begin, anything else to leave: ')
    except EOFError:
        answer = ""
    if answer.strip().lower() != WORD:
        raise UndecidedError("Nothing was written. Start again whenever you like.")
