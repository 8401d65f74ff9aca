"""``shopsync migrate``: carries a running one-machine installation over to PostgreSQL.

Ingest answers 503, so that Shopify keeps what it cannot deliver; the syncer settles what is on the
log; everything stops; the ledger is copied in one transaction and compared. Should anything fail,
the old one goes on, and the command can be given again.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from services.cli.answering import AsJson, NotThereError, finished, give, say, show
from services.cli.looking import log_at, places
from services.cli.moving import LOOK_SECONDS
from services.shared.contract.errors import OursToFixError, SyncError, WorldAtFaultError
from services.shared.contract.topics import CONSUMED_TOPICS, SYNCER_GROUP
from services.shared.ledger import moving, notes
from services.shared.ledger.address import check as check_address
from services.shared.ledger.address import place_of
from services.shared.ledger.engine import Ledger, normal, opened
from services.shared.ledger.moving import Phase
from services.shared.ledger.sqlite import path_in
from services.shared.log.port import Log

# A group that never reads: whatever comes is ahead of it.
_NOBODY = "nobody"
_LEASE_MS = 20_000
_RENEW_SECONDS = 3.0
# Two looks of every process, and what was on its way: nothing new on the log for so long.
QUIET_SECONDS = 2 * LOOK_SECONDS + 1.0
_STANDSTILL_SECONDS = 60.0
_STOP_SECONDS = 90.0
_UNSETTLED = "{left} events are left, and nobody settles them; is the syncer running?"
_ENDLESS = "events keep coming; does somebody append who does not look at this ledger?"
_AGAIN = "nothing was changed; start the product where it was, or give the command again"

Said = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What was carried over. ``to`` names the new ledger without its password."""

    rows: Mapping[str, int]
    to: str
    next: str


def migrate(
    *,
    to: Annotated[str, typer.Option("--to", help="postgresql://user:password@host/database")],
    source: Annotated[
        str, typer.Option("--from", help="sqlite:FILE; the ledger of the settings if not given.")
    ] = "",
    drain_seconds: Annotated[
        float, typer.Option(help="How long to wait while the log gets no emptier.")
    ] = _STANDSTILL_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Carry the ledger of this machine over to PostgreSQL, while it runs or not.

    The target must be empty. Ingest answers 503 meanwhile, which Shopify repeats.
    """
    tell: Said = (lambda _line: None) if as_json else say
    carried = finished(_carried(source or places().ledger, to, drain_seconds, tell))
    if as_json:
        give(carried)
        return
    show("Carried over", ("table", "rows"), [[name, n] for name, n in carried.rows.items()])
    say(carried.next)


async def _carried(source_url: str, target_url: str, patience: float, tell: Said) -> Carried:
    # Here, because all that looks at the schema takes more memory than what else is loaded.
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - see above

    from services.shared.ledger.copying import copy  # noqa: PLC0415 - see above
    from services.shared.ledger.migrating import migrate as updated  # noqa: PLC0415 - see above

    _check_kinds(source_url, target_url)
    async with opened(source_url) as source, opened(target_url) as target, log_at(places()) as log:
        if not log.has_one_reader:
            raise OursToFixError("log_is_shared", detail="only an embedded log can be drained here")
        with _reaching("source", source_url):
            await updated(source)
            await _check_unmoved(source)
        with _reaching("target", target_url):
            await updated(target)
        to = make_url(normal(target_url)).render_as_string(hide_password=True)
        async with _announcing(source) as announced:
            tell("Ingest answers 503 now; the log is drained.")
            await announced(Phase.DRAINING)
            await drained(log, patience)
            tell("The log is empty; everything stops.")
            await announced(Phase.STOPPING)
            async with _alone(log):
                tell("The ledger is copied.")
                rows = await copy(source, target, partial(_check_empty, log))
                async with source.transaction() as tx:
                    await moving.leave(tx, to)
                    await notes.audit(tx, "moved", to)
    return Carried(rows=rows, to=to, next=_NEXT.format(to=to))


_NEXT = """Every table has the same rows in {to}.
Next: set SHOPSYNC_LEDGER_URL to it, keep SHOPSYNC_ENCRYPTION_KEY as it is, and start shopsync.
The old ledger refuses to be used. The old log holds dead letters and what can be replayed: keep it
for as long as you may want them."""


def _check_kinds(source_url: str, target_url: str) -> None:
    file = Path(path_in(normal(source_url)))
    if not source_url.startswith("sqlite") or not target_url.startswith("postgresql"):
        raise OursToFixError("cannot_migrate", detail="from sqlite:FILE to postgresql://… only")
    try:
        check_address(target_url)
    except ValueError as problem:
        raise OursToFixError("cannot_migrate", detail=f"the address in --to {problem}") from None
    if not file.is_file():
        raise NotThereError("no_ledger", detail=f"{file.absolute()} is missing")


@contextmanager
def _reaching(which: str, url: str) -> Iterator[None]:
    """Say which of the two ledgers it is that cannot be reached."""
    try:
        yield
    except WorldAtFaultError as problem:
        raise WorldAtFaultError(f"{which}_unavailable", detail=place_of(url)) from problem


async def _check_unmoved(source: Ledger) -> None:
    async with source.transaction() as tx:
        if await moving.phase(tx) is Phase.MOVED:
            raise OursToFixError("ledger_moved", detail="it was carried over before")


@asynccontextmanager
async def _announcing(source: Ledger) -> AsyncIterator[Callable[[Phase], Awaitable[None]]]:
    """Say how far we are, again and again; take it back at the end, however that comes."""
    owner = f"{os.getpid()}-{secrets.token_hex(4)}"
    said: set[Phase] = set()

    async def repeat() -> None:
        async with source.transaction() as tx:
            for each in said:
                if not await moving.announce(tx, each, owner, _LEASE_MS):
                    raise OursToFixError("already_migrating")

    async def announced(what: Phase) -> None:
        said.add(what)
        await repeat()

    async def keep_saying() -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            # Soon enough again: what was said holds for longer.
            with suppress(WorldAtFaultError):
                await repeat()

    saying = asyncio.create_task(keep_saying())
    try:
        yield announced
    except SyncError as problem:
        raise type(problem)(problem.reason, detail=f"{problem.detail} ({_AGAIN})") from problem
    finally:
        saying.cancel()
        await asyncio.wait({saying})
        async with source.transaction() as tx:
            await moving.withdraw(tx, owner)


async def drained(log: Log, patience: float) -> None:
    """Wait until nothing on the log is left to settle and nothing has come for ``QUIET_SECONDS``.

    A process on a busy machine may hear late that it is to take nothing any more.

    Raises:
        WorldAtFaultError: for ``patience`` seconds nothing was settled, or events kept coming.
    """
    clock = asyncio.get_running_loop().time
    least, ends = await _left(log), await _ends(log)
    moved_at = settled_at = clock()
    left = least
    while left or clock() - moved_at < QUIET_SECONDS:
        if clock() - settled_at > patience + QUIET_SECONDS:
            detail = _UNSETTLED.format(left=left) if left else _ENDLESS
            raise WorldAtFaultError("not_drained", detail=detail)
        await asyncio.sleep(LOOK_SECONDS / 2)
        left, before, ends = await _left(log), ends, await _ends(log)
        if ends != before:
            moved_at = clock()
        if left < least:
            least, settled_at = left, clock()


async def _left(log: Log, group: str = SYNCER_GROUP) -> int:
    lag = await log.lag(group)
    return sum(each.events for at, each in lag.items() if at.topic in CONSUMED_TOPICS)


async def _ends(log: Log) -> int:
    """How many events there are for who never read one: another number with each that comes."""
    return await _left(log, _NOBODY)


@asynccontextmanager
async def _alone(log: Log) -> AsyncIterator[None]:
    """Be the log's one reader: then no syncer runs, nor any call of one to HubSpot."""
    async with log.reader(SYNCER_GROUP, CONSUMED_TOPICS, "migrate") as reader:
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                while True:
                    batch = await reader.poll(1, 1.0)
                    if batch.events:
                        raise WorldAtFaultError("not_drained", detail="an event came late")
                    if batch.gained:
                        break
        except TimeoutError:
            raise WorldAtFaultError("still_running", detail="the syncer did not stop") from None
        yield


async def _check_empty(log: Log) -> None:
    if await _left(log):
        raise WorldAtFaultError("not_drained", detail="an event came late")
