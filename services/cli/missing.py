"""Why a record was never seen: what the log, the scans and the settings say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.cli.agreements import agreed_since
from services.cli.dead_letters import dead_of
from services.cli.looking import has_log, ledger_at, log_at, places
from services.shared.contract.keys import SourceKey
from services.shared.contract.topics import BACKFILL_SUFFIX, SYNCER_GROUP
from services.shared.ledger import stores
from services.shared.ledger.measures import Scan, last_scans


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What is known of a record that was never seen.

    ``behind`` are the events of its kind not yet worked on; ``dead`` the places of dead letters
    of it; ``since`` is the day the first sync began with, empty if it took everything.
    """

    key: SourceKey
    stores: Sequence[str]
    scan: Scan | None
    since: str
    behind: int = 0
    dead: Sequence[str] = field(default_factory=tuple)


async def absence_of(key: SourceKey) -> Absence:
    """What log and ledger say of a record they do not know."""
    where = places()
    async with ledger_at(where) as ledger:
        async with ledger.transaction() as tx:
            known = await stores.names(tx)
            scans = [s for s in await last_scans(tx) if (s.shop, s.kind) == (key.shop, key.kind)]
        since = await agreed_since(ledger, [key.shop])
    behind, dead = 0, []
    if has_log(where):
        async with log_at(where) as log:
            lags = await log.lag(SYNCER_GROUP)
            dead = await dead_of(log, key)
        topics = {f"shopify.{key.kind}", f"shopify.{key.kind}{BACKFILL_SUFFIX}"}
        behind = sum(lag.events for partition, lag in lags.items() if partition.topic in topics)
    return Absence(
        key=key,
        stores=known,
        scan=scans[0] if scans else None,
        since=since.isoformat() if since else "",
        behind=behind,
        dead=dead,
    )


def explained(absence: Absence) -> list[str]:
    """The same in sentences, the likeliest first."""
    key = absence.key
    if key.shop not in absence.stores:
        return [f"{key.shop} is not connected. Connected: {', '.join(absence.stores) or 'none'}."]
    said = [
        f"An event of it could not be applied: shopsync dead-letters show {place}"
        for place in absence.dead
    ]
    if absence.behind:
        said.append(f"{absence.behind} events of {key.kind} are still to be worked on.")
    if absence.scan is None:
        return [*said, f"The first sync of {key.kind} has not come to its end yet."]
    age = round(absence.scan.age_seconds)
    said.append(
        f"The last complete scan of {key.kind} began {age} s ago: what changed before is known. Is "
        "the id right? (It is the number in the address of Shopify's admin, not the order's name.)"
    )
    if absence.since:
        said.append(f"The first sync took nothing that last changed before {absence.since}.")
    if key.kind == "orders":
        said.append("Orders older than 60 days need the scope read_all_orders: shopsync check")
    return said
