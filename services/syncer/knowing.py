"""Claims jobs and gathers what the ledger knows of them, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.shared.contract.keys import SourceKey
from services.shared.contract.records import Record
from services.shared.contract.topics import ObjectType
from services.shared.ledger import claims, identities, sources, targets
from services.shared.ledger.engine import Ledger, Transaction, statement
from services.shared.ledger.identities import EMAIL, Identity
from services.shared.ledger.moments import read
from services.shared.ledger.sources import SourceRow
from services.shared.ledger.stores import ACCOUNT
from services.shared.ledger.targets import TargetRow
from services.syncer import plans
from services.syncer.jobs import Job
from services.syncer.planning import normal_email

CLAIM_MS = 60_000

PART_KIND = {
    ObjectType.PRODUCTS: plans.VARIANTS,
    ObjectType.ORDERS: plans.ORDER_LINES,
    ObjectType.CHECKOUTS: plans.CART_LINES,
}
HEAD_TYPE = {
    ObjectType.CUSTOMERS: plans.CONTACTS,
    plans.GUESTS: plans.CONTACTS,
    ObjectType.ORDERS: plans.ORDERS,
    ObjectType.CHECKOUTS: plans.CARTS,
}
PART_TYPE = {
    ObjectType.PRODUCTS: plans.PRODUCTS,
    ObjectType.ORDERS: plans.LINE_ITEMS,
    ObjectType.CHECKOUTS: plans.LINE_ITEMS,
}

_PEOPLE = (ObjectType.CUSTOMERS, plans.GUESTS)
_NOW = statement("SELECT {now} AS moment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger knows of the jobs that were claimed.

    ``busy`` are those somebody else is writing, or that share an email with another job of the
    batch; ``taken_over`` those whose former owner never settled. ``products`` are HubSpot ids by
    (shop, variant id); ``sharers`` the live customers behind a contact.
    """

    busy: frozenset[SourceKey]
    taken_over: frozenset[SourceKey]
    rows: Mapping[SourceKey, SourceRow]
    parts: Mapping[SourceKey, Sequence[SourceRow]]
    targets: Mapping[tuple[str, str], TargetRow]
    identities: Mapping[tuple[str, str], Identity]
    products: Mapping[tuple[str, str], str]
    sharers: Mapping[str, Sequence[SourceRow]]
    keys: frozenset[str]
    now: datetime


async def claim_and_know(
    ledger: Ledger, owner: str, kind: str, jobs: Sequence[Job], lasts_ms: int = CLAIM_MS
) -> Known:
    """Claim what is free among ``jobs`` of ``kind``, and everything a plan needs to know."""
    async with ledger.transaction() as tx:
        wanted = await _wanted(tx, jobs)
        claimed = await claims.claim(
            tx, [key for keys in wanted.values() for key in keys], owner=owner, lasts_ms=lasts_ms
        )
        if HEAD_TYPE.get(kind) == plans.CONTACTS:
            # Somebody may have settled between our look and our claim.
            wanted = await _wanted(tx, jobs)
        mine = _shared_out(wanted, claimed.keys)
        unused = claimed.keys - {key for source in mine for key in wanted[source]}
        if unused:
            await claims.release(tx, owner=owner, keys=unused)
        return await _known(tx, kind, [job for job in jobs if job.source in mine], wanted, claimed)


async def _wanted(tx: Transaction, jobs: Sequence[Job]) -> dict[SourceKey, Collection[str]]:
    """The keys that must be claimed to write each job.

    That is its source and, for a person, the email and the contact: whoever shares that must not
    write it while another leaves it or gives it a new email.
    """
    people = [job for job in jobs if job.source.kind in _PEOPLE]
    rows = await sources.look(tx, [job.source for job in people])
    emails = [(EMAIL, email) for job in people if (email := email_of(job))]
    found = await identities.look(tx, ACCOUNT, emails)
    wanted: dict[SourceKey, Collection[str]] = {}
    for job in jobs:
        email, row = email_of(job), rows.get(job.source)
        holder = found.get((EMAIL, email))
        contacts = {row.target_id if row else None, holder.target_id if holder else None}
        keys = [str(job.source), *(f"contact:{each}" for each in contacts if each)]
        wanted[job.source] = frozenset([*keys, f"email:{email}"] if email else keys)
    return wanted


def email_of(job: Job) -> str:
    """The normal email of a customer's or guest's job; empty for any other."""
    if job.source.kind not in _PEOPLE or job.state is None:
        return ""
    return normal_email(job.state.record.fields.get("email"))


def _shared_out(
    wanted: Mapping[SourceKey, Collection[str]], got: Collection[str]
) -> set[SourceKey]:
    """Who may go on: all keys are there, and no other job of the batch has one of them."""
    free = set(got)
    mine: set[SourceKey] = set()
    for source, keys in wanted.items():
        if free.issuperset(keys):
            free.difference_update(keys)
            mine.add(source)
    return mine


async def _known(
    tx: Transaction,
    kind: str,
    jobs: Sequence[Job],
    wanted: Mapping[SourceKey, Collection[str]],
    claimed: claims.Claimed,
) -> Known:
    mine = [job.source for job in jobs]
    rows = await sources.look(tx, mine)
    part_kind = PART_KIND.get(ObjectType(kind)) if kind in PART_KIND else None
    parts = await sources.parts(tx, mine, part_kind) if part_kind else {}
    found = await identities.look(tx, ACCOUNT, _identities_of(kind, jobs))
    current = {row.target_id for row in rows.values() if row.target_id}
    holders = {each.target_id for each in found.values() if each.target_id}
    sharers: Mapping[str, Sequence[SourceRow]] = {}
    if HEAD_TYPE.get(kind) == plans.CONTACTS:
        sharers = await sources.sharing(tx, ObjectType.CUSTOMERS, current | holders)
    head_ids = ((HEAD_TYPE.get(kind, ""), each) for each in current | holders)
    part_ids = (
        (PART_TYPE.get(ObjectType(kind), ""), part.target_id)
        for some in parts.values()
        for part in some
        if part.target_id
    )
    return Known(
        busy=frozenset(wanted.keys() - set(mine)),
        taken_over=frozenset(
            source for source in mine if not claimed.taken_over.isdisjoint(wanted[source])
        ),
        rows=rows,
        parts=parts,
        targets=await targets.look(tx, ACCOUNT, [*head_ids, *part_ids]),
        identities=found,
        products=await _products(tx, jobs),
        sharers=sharers,
        keys=frozenset(key for source in mine for key in wanted[source]),
        now=read(int((await tx.run(_NOW))[0].moment)),
    )


def _identities_of(kind: str, jobs: Iterable[Job]) -> list[tuple[str, str]]:
    """By what HubSpot records of these jobs may be known already."""
    object_type = HEAD_TYPE.get(kind, "")
    if object_type == plans.CONTACTS:
        return [(EMAIL, email_of(job)) for job in jobs if email_of(job)]
    if object_type:
        native = identities.native(object_type)
        return [(native, f"{job.source.shop}/{job.source.id}") for job in jobs]
    native = identities.native(plans.PRODUCTS)
    return [
        (native, f"{job.source.shop}/{variant.id}")
        for job in jobs
        if job.state
        for variant in job.state.record.parts.get("variants", ())
    ]


async def _products(tx: Transaction, jobs: Iterable[Job]) -> dict[tuple[str, str], str]:
    keys = {
        SourceKey(job.source.shop, plans.VARIANTS, variant)
        for job in jobs
        if job.state
        for line in job.state.record.parts.get("line_items", ())
        if (variant := _variant_of(line))
    }
    found = await sources.look(tx, keys)
    return {(key.shop, key.id): row.target_id for key, row in found.items() if row.target_id}


def _variant_of(line: Record) -> str:
    value = line.fields.get("variant_id")
    return value if isinstance(value, str) else ""
