"""``shopsync dead-letters``: events nobody could apply, and trying them again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from services.cli.answering import (
    EXIT_CODES,
    AsJson,
    Exit,
    fail,
    finished,
    give,
    say,
    show,
    show_some,
)
from services.cli.choosing import refuse_dead_reason
from services.cli.looking import log_at, places
from services.cli.replaying import DryRun, Replayed, Since, put_back, told, utc
from services.shared.contract.events import Event
from services.shared.contract.keys import SourceKey
from services.shared.contract.topics import DEAD_TOPICS
from services.shared.log.port import History

app = typer.Typer(
    no_args_is_help=True,
    help="List, show and replay events that could not be applied. A place is TOPIC/PARTITION/OFFSET"
    ", as the list prints it.",
    epilog=EXIT_CODES,
)
_SINCE_EVER = datetime(1970, 1, 1, tzinfo=UTC)
# Events are stamped by the clock of the process that appended them, which may be a little ahead.
_AHEAD = timedelta(minutes=5)
# Headers that say what an event is; all others may tell of people, or are of no use here.
_SHOWN = (
    "dead-reason",
    "dead-position",
    "shop",
    "origin",
    "change",
    "shopify-topic",
    "shopify-api-version",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A dead letter as it is shown: what it is and why, never its body."""

    place: str
    key: str
    appended_at: datetime
    size_bytes: int
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which dead letters are meant: at some places or everywhere, of a time, of a reason."""

    places: frozenset[str] = frozenset()
    since: datetime = _SINCE_EVER
    reason: str | None = None

    def holds(self, event: Event) -> bool:
        """Whether ``event`` is meant; ``since`` is the log's to look at."""
        is_there = not self.places or place_of(event) in self.places
        return is_there and self.reason in (None, event.headers.get("dead-reason"))


Reason = Annotated[str | None, typer.Option("--reason", help="Only of this reason.")]
Places = Annotated[list[str] | None, typer.Argument(help="TOPIC/PARTITION/OFFSET, any number")]


@app.command("list")
def list_dead_letters(
    *,
    since: Since = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List dead letters, oldest first within each topic."""
    found = finished(_listed(_choice((), since, reason), limit + 1))
    if not found:
        refuse_dead_reason(reason or "")
    if as_json:
        give(found[:limit])
        return
    columns = ("place", "record", "reason", "topic at shopify", "since")
    rows = [
        (
            each.place,
            each.key,
            each.headers.get("dead-reason"),
            each.headers.get("shopify-topic"),
            each.appended_at.isoformat(timespec="seconds"),
        )
        for each in found
    ]
    nothing = "no dead letter is as asked for."
    show_some("Dead letters", columns, rows, limit=limit, nothing=nothing)


@app.command("show")
def show_dead_letter(
    place: Annotated[str, typer.Argument(help="TOPIC/PARTITION/OFFSET")],
    *,
    with_body: Annotated[
        bool, typer.Option("--with-body", help="The body too. It may hold personal data.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter."""
    event = finished(_one(place))
    if event is None:
        fail(f"There is no dead letter at {place}", Exit.PROBLEM)
    letter = letter_of(event)
    body = event.value.decode("utf-8", "replace") if with_body else None
    if as_json:
        give({"letter": letter, "body": body})
        return
    facts = {"record": letter.key, "bytes": letter.size_bytes, **letter.headers}
    show(letter.place, ("fact", "value"), facts.items())
    if body is not None:
        say(body)


@app.command("replay")
def replay_dead_letters(  # noqa: PLR0913 - one parameter each option
    chosen: Places = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
    since: Since = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put dead letters back onto the log, to be applied as history.

    The dead letters stay listed until the log lets go of them by age.
    """
    if everything == bool(chosen or since or reason):
        fail("Name dead letters, or give --since or --reason, or --all.", Exit.USAGE)
    done = finished(_replayed(_choice(chosen or (), since, reason), dry_run=dry_run))
    if not done.events:
        refuse_dead_reason(reason or "")
    if as_json:
        give(done)
    else:
        say(told(done))
    if chosen and sum(done.events.values()) < len({*chosen}):
        fail("There is no such dead letter at the other places.", Exit.PROBLEM)


def letter_of(event: Event) -> DeadLetter:
    """What may be shown of a dead letter."""
    return DeadLetter(
        place=place_of(event),
        key=event.key,
        appended_at=event.appended_at,
        size_bytes=len(event.value),
        headers={name: event.headers[name] for name in _SHOWN if name in event.headers},
    )


def place_of(event: Event) -> str:
    """Where an event stands, as text."""
    partition = event.position.partition
    return f"{partition.topic}/{partition.number}/{event.position.offset}"


def _choice(chosen: Iterable[str], since: datetime | None, reason: str | None) -> Choice:
    return Choice(
        places=frozenset(chosen), since=utc(since) if since else _SINCE_EVER, reason=reason
    )


async def _dead(log: History, choice: Choice) -> AsyncIterator[Event]:
    """Each once: a syncer that dies between a dead letter and its commit leaves it twice."""
    until = datetime.now(UTC) + _AHEAD
    for topic in DEAD_TOPICS:
        seen: set[tuple[str | None, str]] = set()
        async for event in log.between(topic, choice.since, until):
            stood = (event.headers.get("dead-topic"), event.headers.get("dead-position", ""))
            if choice.holds(event) and (stood not in seen or not stood[1] or choice.places):
                seen.add(stood)
                yield event


async def dead_of(log: History, key: SourceKey) -> list[str]:
    """The places of the dead letters of one record."""
    every = Choice()
    return [place_of(event) async for event in _dead(log, every) if event.key == str(key)]


async def _listed(choice: Choice, limit: int) -> Sequence[DeadLetter]:
    found: list[DeadLetter] = []
    async with log_at(places()) as log:
        async for event in _dead(log, choice):
            found.append(letter_of(event))
            if len(found) == limit:
                break
    return found


async def _one(place: str) -> Event | None:
    async with log_at(places()) as log:
        async for event in _dead(log, Choice(places=frozenset((place,)))):
            return event
    return None


async def _replayed(choice: Choice, *, dry_run: bool) -> Replayed:
    async with log_at(places()) as log:
        return await put_back(log, _dead(log, choice), dry_run=dry_run)
