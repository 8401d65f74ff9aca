"""Claims jobs and gathers what the ledger knows of them, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from services.shared.contract.keys import SourceKey
from services.shared.contract.records import Record
from services.shared.contract.topics import ObjectType
from services.shared.ledger import claims, identities, skus, sources, targets
from services.shared.ledger.engine import Ledger, Transaction, statement
from services.shared.ledger.identities import EMAIL, SKU, Identity
from services.shared.ledger.moments import read
from services.shared.ledger.sources import SourceRow
from services.shared.ledger.stores import ACCOUNT
from services.shared.ledger.targets import TargetRow
from services.syncer import adopting, plans
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
    shop and variant id; ``sharers`` the live customers behind a contact; ``claimants`` how many
    variants claim a SKU, and ``are_skus_known`` whether every store's have by now; ``censuses``
    when the last shared census of an object type began.
    """

    busy: frozenset[SourceKey]
    taken_over: frozenset[SourceKey]
    rows: Mapping[SourceKey, SourceRow]
    parts: Mapping[SourceKey, Sequence[SourceRow]]
    targets: Mapping[tuple[str, str], TargetRow]
    identities: Mapping[tuple[str, str], Identity]
    products: Mapping[str, Mapping[str, str]]
    sharers: Mapping[str, Sequence[SourceRow]]
    claimants: Mapping[str, int]
    are_skus_known: bool
    censuses: Mapping[str, datetime]
    keys: frozenset[str]
    now: datetime

    def seen_with(self, read: Mapping[SourceKey, SourceRow]) -> Known:
        """With what had been wanted when the work began, as rows ``read`` then say.

        What came between that look and the claim is in nothing that was read: it stays to be done.
        """
        wanted = {key: read[key].wanted if key in read else 0 for key in self.rows}
        rows = {
            key: replace(row, wanted=min(row.wanted, wanted[key])) for key, row in self.rows.items()
        }
        return replace(self, rows=rows)


async def claim_and_know(
    ledger: Ledger, owner: str, kind: str, jobs: Sequence[Job], lasts_ms: int = CLAIM_MS
) -> Known:
    """Claim what is free among ``jobs`` of ``kind``, and everything a plan needs to know."""

    async def work(tx: Transaction) -> Known:
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
        # In a statement of its own: only one that begins after the claim sees what the former
        # owners of the keys have settled.
        return await _known(tx, kind, [job for job in jobs if job.source in mine], wanted, claimed)

    return await ledger.done(work)


async def _wanted(tx: Transaction, jobs: Sequence[Job]) -> dict[SourceKey, Collection[str]]:
    """The keys that must be claimed to write each job.

    That is its source and, for a person, the email and the contact: whoever shares that must not
    write it while another leaves it or gives it a new email.
    """
    people = [job for job in jobs if job.source.kind in _PEOPLE]
    emails = [(EMAIL, email) for job in people if (email := email_of(job))]
    rows, found = await tx.together(
        partial(sources.look, keys=[job.source for job in people]),
        partial(identities.look, account=ACCOUNT, wanted=emails),
    )
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
    part_kind = PART_KIND[ObjectType(kind)] if kind in PART_KIND else ""
    rows, parts, found, products, now = await tx.together(
        partial(sources.look, keys=mine),
        partial(sources.parts, parents=mine if part_kind else (), kind=part_kind),
        partial(identities.look, account=ACCOUNT, wanted=_identities_of(kind, jobs)),
        partial(_products, jobs=jobs),
        _moment,
    )
    current = {row.target_id for row in rows.values() if row.target_id}
    holders = {each.target_id for each in found.values() if each.target_id}
    shared = current | holders if HEAD_TYPE.get(kind) == plans.CONTACTS else ()
    head_ids = ((HEAD_TYPE.get(kind, ""), each) for each in current | holders)
    target_ids = [*head_ids, *_part_ids(kind, parts), *_sku_holders(found)]
    sharers, written, claimants = await tx.together(
        partial(sources.sharing, kind=ObjectType.CUSTOMERS, target_ids=shared),
        partial(targets.look, account=ACCOUNT, ids=target_ids),
        partial(_claimants, kind=kind, jobs=jobs),
    )
    return Known(
        busy=frozenset(wanted.keys() - set(mine)),
        taken_over=frozenset(
            source for source in mine if not claimed.taken_over.isdisjoint(wanted[source])
        ),
        rows=rows,
        parts=parts,
        targets=written,
        identities=found,
        products=products,
        sharers=sharers,
        claimants=claimants,
        are_skus_known=await skus.are_all_claimed(tx) if _sku_holders(found) else True,
        censuses=await adopting.begun(tx) if _has_doubts(rows, claimed) else {},
        keys=frozenset(key for source in mine for key in wanted[source]),
        now=now,
    )


def _part_ids(
    kind: str, parts: Mapping[SourceKey, Sequence[sources.SourceRow]]
) -> Iterator[tuple[str, str]]:
    """The HubSpot type and id of each part that is in HubSpot."""
    for some in parts.values():
        for part in some:
            if part.target_id:
                yield PART_TYPE.get(ObjectType(kind), ""), part.target_id


def _identities_of(kind: str, jobs: Iterable[Job]) -> list[tuple[str, str]]:
    """By what HubSpot records of these jobs may be known already."""
    object_type = HEAD_TYPE.get(kind, "")
    if object_type == plans.CONTACTS:
        return [(EMAIL, email_of(job)) for job in jobs if email_of(job)]
    if object_type:
        native = identities.native(object_type)
        return [(native, f"{job.source.shop}/{job.source.id}") for job in jobs]
    native = identities.native(plans.PRODUCTS)
    variants = [(job.source.shop, variant) for job in jobs for variant in _variants(job)]
    by_id = [(native, f"{shop}/{variant.id}") for shop, variant in variants]
    return by_id + [(SKU, sku) for _, variant in variants if (sku := sku_of(variant))]


async def _moment(tx: Transaction) -> datetime:
    return read(int((await tx.run(_NOW))[0].moment))


async def _products(tx: Transaction, jobs: Iterable[Job]) -> dict[str, dict[str, str]]:
    keys = {
        SourceKey(job.source.shop, plans.VARIANTS, variant)
        for job in jobs
        if job.state
        for line in job.state.record.parts.get("line_items", ())
        if (variant := _variant_of(line))
    }
    found = await sources.look(tx, keys)
    products: dict[str, dict[str, str]] = {}
    for key, row in found.items():
        if row.target_id:
            products.setdefault(key.shop, {})[key.id] = row.target_id
    return products


async def _claimants(tx: Transaction, kind: str, jobs: Iterable[Job]) -> dict[str, int]:
    """Let the variants of ``jobs`` claim their SKUs; how many claim each of these by now."""
    if kind != ObjectType.PRODUCTS:
        return {}
    claimed = {
        SourceKey(job.source.shop, plans.VARIANTS, variant.id): sku_of(variant)
        for job in jobs
        for variant in _variants(job)
    }
    await skus.claim(tx, ACCOUNT, claimed)
    return await skus.claimants(tx, ACCOUNT, filter(None, claimed.values()))


def _sku_holders(found: Mapping[tuple[str, str], Identity]) -> list[tuple[str, str]]:
    """The products that have the SKUs asked for."""
    return [
        (plans.PRODUCTS, each.target_id)
        for (kind, _), each in found.items()
        if kind == SKU and each.target_id
    ]


def _has_doubts(rows: Mapping[SourceKey, SourceRow], claimed: claims.Claimed) -> bool:
    return bool(claimed.taken_over) or any(row.suspect_until for row in rows.values())


def _variants(job: Job) -> Iterable[Record]:
    return job.state.record.parts.get("variants", ()) if job.state else ()


def sku_of(variant: Record) -> str:
    """A variant's SKU as HubSpot is to hold it; empty if it has none."""
    value = variant.fields.get("sku")
    return value.strip() if isinstance(value, str) else ""


def _variant_of(line: Record) -> str:
    value = line.fields.get("variant_id")
    return value if isinstance(value, str) else ""
