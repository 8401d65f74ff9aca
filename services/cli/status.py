"""``shopsync status``: how the sync stands, by store and object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from services.cli import requests
from services.cli.agreements import unconfirmed
from services.cli.answering import AsJson, Exit, finished, give, say, show
from services.cli.barred import remedy_for
from services.cli.diagnosing import Known, diagnosed
from services.cli.findings import Finding, has_errors
from services.cli.looking import has_log, ledger_at, log_at, places
from services.cli.settings import Settings, SettingsError, loaded
from services.shared.contract.events import Lag, Partition
from services.shared.contract.topics import BACKFILL_SUFFIX, CONSUMED_TOPICS, SYNCER_GROUP
from services.shared.ledger import compliance, leases, notes, reporting, stores, troubles, windows
from services.shared.ledger.causes import EVERY_STORE, Cause, open_causes
from services.shared.ledger.compliance import StandingRequest
from services.shared.ledger.engine import Ledger, Transaction
from services.shared.ledger.measures import Scan, last_scans
from services.shared.ledger.notes import QuotaUse
from services.shared.ledger.reporting import Backlog, Count
from services.shared.ledger.sources import Status
from services.shared.ledger.stores import StoreState
from services.shared.ledger.troubles import Trouble

_MINUTE, _HOUR = 60, 3600
_NAMES = (each.value.replace("_", " ") for each in Status)
_COLUMNS = ("object", *_NAMES, "fresh until", "last scan")
# What the ledger does not know yet is to be connected at the next start.
_WORKED_FOR = (StoreState.ACTIVE, None)
_TOLD = (Status.FAILING, Status.WAITING, Status.EXCLUDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLag:
    """How far one topic is behind: events not yet settled, and the age of the oldest."""

    topic: str
    events: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How everything stands at one moment."""

    counts: Sequence[Count]
    scans: Sequence[Scan]
    lag: Sequence[TopicLag]
    causes: Sequence[Cause]
    backlog: Backlog
    requests: Sequence[StandingRequest]
    quota: QuotaUse | None
    troubles: Sequence[Trouble]
    findings: Sequence[Finding]

    @property
    def has_problems(self) -> bool:
        """Whether something needs a person: see :func:`status`."""
        are_failing = any(each.status is Status.FAILING for each in self.counts)
        return bool(self.causes) or are_failing or has_errors(self.findings)


def status(*, as_json: AsJson = False) -> None:
    """Show what is in sync, waiting, failing, excluded, and why; lag, freshness and quota.

    Ends with 1 if something needs a person: failing records, a cause that many wait for, a first
    sync not agreed to or broken off, a store that nobody scans any more.
    """
    picture = finished(_picture())
    if as_json:
        give(picture)
    else:
        _show(picture)
    if picture.has_problems:
        raise SystemExit(Exit.PROBLEM)


async def _picture() -> Picture:
    where = places()
    lags: Mapping[Partition, Lag] = {}
    if has_log(where):
        async with log_at(where) as log:
            lags = await log.lag(SYNCER_GROUP)
    async with ledger_at(where) as ledger:
        known = await _known(ledger)
        async with ledger.transaction() as tx:
            return await _seen(tx, lags, known)


async def _seen(tx: Transaction, lags: Mapping[Partition, Lag], known: Known) -> Picture:
    return Picture(
        counts=await reporting.counts(tx),
        scans=known.scans,
        lag=behind(lags, datetime.now(UTC)),
        causes=await open_causes(tx),
        backlog=await reporting.backlog(tx),
        requests=await compliance.standing(tx),
        quota=await _quota(tx),
        troubles=known.troubles,
        findings=diagnosed(known),
    )


async def _known(ledger: Ledger) -> Known:
    scan_every, configured = _configured()
    async with ledger.transaction() as tx:
        states = await stores.states(tx)
        held = await leases.current(tx)
        begun = await windows.begun(tx)
        scans = await last_scans(tx)
        met = await troubles.standing(tx)
    working = {shop for shop in {*states, *configured} if states.get(shop) in _WORKED_FOR}
    return Known(
        stores=sorted(working),
        unconfirmed=frozenset(await unconfirmed(ledger, sorted(working))),
        begun=begun,
        scanning=frozenset(each.removeprefix(leases.SCAN_PREFIX) for each in held),
        scans=scans,
        troubles=met,
        scan_every_seconds=scan_every,
    )


def _configured() -> tuple[float, list[str]]:
    """How often is scanned, and the stores of the settings; without them the ledger's do."""
    try:
        settings = loaded(Settings)
    except SettingsError:
        return float(Settings.model_fields["scan_every"].default), []
    return settings.scan_every, [each.shop for each in settings.stores]


async def _quota(tx: Transaction) -> QuotaUse | None:
    kept = await notes.get(tx, notes.QUOTA_USE)
    return msgspec.json.decode(kept, type=QuotaUse) if kept else None


def behind(lags: Mapping[Partition, Lag], now: datetime) -> list[TopicLag]:
    """The topics with events not yet settled."""
    events: Counter[str] = Counter()
    oldest: dict[str, float] = {}
    for partition, lag in lags.items():
        if partition.topic in CONSUMED_TOPICS and lag.events:
            at = lag.oldest_appended_at or now
            events[partition.topic] += lag.events
            age = max((now - at).total_seconds(), 0.0)
            oldest[partition.topic] = max(oldest.get(partition.topic, 0.0), age)
    return [
        TopicLag(topic=topic, events=events[topic], oldest_seconds=oldest[topic])
        for topic in sorted(events)
    ]


def _show(picture: Picture) -> None:
    shops = sorted({each.shop for each in picture.counts} | {each.shop for each in picture.scans})
    for shop in shops:
        show(shop, _COLUMNS, _rows(picture, shop))
        told = [each for each in picture.counts if each.shop == shop and each.status in _TOLD]
        for each in told:
            say(f"  {each.records} {each.kind} {each.status.value}: {each.reason or 'no reason'}")
        say("")
    if picture.causes:
        causes = [
            (
                "HubSpot" if each.shop == EVERY_STORE else each.shop,
                each.object_type or "all",
                each.reason,
                each.detail,
                f"{each.since:%Y-%m-%d %H:%M} UTC",
            )
            for each in picture.causes
        ]
        show("What many wait for", ("store", "object", "reason", "detail", "since"), causes)
        for to_do in dict.fromkeys(map(remedy_for, picture.causes)):
            say(f"  {to_do}")
    if picture.requests:
        show(
            "Compliance requests pending", requests.COLUMNS, map(requests.row_of, picture.requests)
        )
        say("  shopsync requests show ID")
    for found in picture.findings:
        say(f"{found.subject}: {found.problem}")
    for to_do in dict.fromkeys(each.to_do for each in picture.findings):
        say(f"  {to_do}")
    for line in _lines(picture):
        say(line)


def _rows(picture: Picture, shop: str) -> Iterable[Sequence[object]]:
    numbers: dict[str, Counter[Status]] = {}
    for count in (each for each in picture.counts if each.shop == shop):
        numbers.setdefault(count.kind, Counter())[count.status] += count.records
    scans = {each.kind: each for each in picture.scans if each.shop == shop}
    for kind in sorted({*numbers, *scans}):
        scan = scans.get(kind)
        seen = (
            (f"{_duration(scan.age_seconds)} ago", f"brought {scan.appended}") if scan else ("", "")
        )
        yield (kind, *(numbers.get(kind, Counter())[each] or "" for each in Status), *seen)


def _lines(picture: Picture) -> Iterable[str]:
    """What is left to do, and how much of the quota is used."""
    for lag in picture.lag:
        name = lag.topic.removeprefix("shopify.").replace(BACKFILL_SUFFIX, " (history)")
        oldest = _duration(lag.oldest_seconds)
        yield f"Log: {lag.events} events of {name} to be settled, the oldest {oldest} old."
    if not (picture.lag or picture.findings):
        yield "Log: every event is settled."
    left = picture.backlog
    pending = left.pending_requests
    yield f"{left.open_links} links to be made, {pending} compliance requests pending."
    quota = picture.quota
    if quota is not None:
        daily = "" if quota.daily is None else f", {quota.daily:.0%} of the day's calls used up"
        age = _duration((datetime.now(UTC) - quota.at).total_seconds())
        yield f"HubSpot: {quota.window:.0%} of the calls per ten seconds in use{daily} ({age} ago)."


def _duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h"
