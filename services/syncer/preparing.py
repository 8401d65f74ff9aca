"""From a job to an effort: its plan, with what the ledger knows of its HubSpot records. Pure."""

from __future__ import annotations

from datetime import timedelta

from services.shared.contract.keys import SourceKey
from services.shared.contract.records import State
from services.shared.contract.topics import ObjectType
from services.shared.contract.versions import Version
from services.shared.ledger import identities
from services.shared.ledger.sources import SourceRow
from services.syncer import goods, plans
from services.syncer.account import Account
from services.syncer.adopting import CENSUSED
from services.syncer.applying import AMBIGUOUS_LINES
from services.syncer.doubts import BEGINNING
from services.syncer.efforts import Effort, Piece, effort_for
from services.syncer.jobs import Job
from services.syncer.knowing import HEAD_TYPE, PART_TYPE, Known, email_of
from services.syncer.planning import Circumstances, plan_for
from services.syncer.plans import Part, Plan


def planned(
    job: Job, state: State, known: Known, account: Account, abandoned_after: timedelta
) -> Plan:
    """What HubSpot ought to show of ``state``."""
    row = known.rows.get(job.source)
    shop = job.source.shop
    if job.source.kind == plans.GUESTS:
        return _guest_plan(job, state)
    found = known.identities.get((identities.native(plans.CARTS), f"{shop}/{job.source.id}"))
    around = Circumstances(
        shop=shop,
        now=known.now,
        abandoned_after=abandoned_after,
        mapped=account.mapped,
        products=known.products.get(shop, {}),
        has_cart=bool(row and row.target_id) or bool(found and found.target_id),
        may_have_cart=job.source in known.taken_over or bool(row and row.suspect_until),
    )
    return plan_for(job.source, state, around)


def effort_of(plan: Plan, known: Known) -> Effort:
    """The beginning of carrying out ``plan``."""
    row = known.rows.get(plan.source)
    effort = effort_for(plan, row, known.parts.get(plan.source, ()), known.targets)
    effort.is_taken_over = plan.source in known.taken_over
    effort.is_suspect = effort.is_taken_over or bool(row and row.suspect_until)
    effort.is_adopted = bool(row and row.reason == AMBIGUOUS_LINES)
    _adopt(effort, known)
    if effort.is_suspect:
        for piece in effort.pieces:
            piece.fingerprint = b""
            piece.may_exist = not piece.target_id and not _was_looked_for(effort, piece, known)
    return effort


def _was_looked_for(effort: Effort, piece: Piece, known: Known) -> bool:
    """Whether a census found nothing, begun when no call of ours could be applied any more."""
    if piece.object_type not in CENSUSED:
        return True
    begun = known.censuses.get(piece.object_type)
    row = effort.row
    if begun is None or effort.is_taken_over or row is None or row.suspect_until is None:
        return False
    return begun >= row.suspect_until


def _adopt(effort: Effort, known: Known) -> None:
    """Take over what stands in HubSpot already, known by Shopify's own id."""
    source = effort.plan.source
    head = effort.head
    if head and not head.target_id and head.object_type != plans.CONTACTS:
        native = (identities.native(head.object_type), f"{source.shop}/{source.id}")
        found = known.identities.get(native)
        if found and found.target_id:
            head.target_id = found.target_id
            effort.is_adopted = True
    for piece in effort.parts.values():
        if piece.object_type == plans.PRODUCTS and not piece.target_id:
            native = (identities.native(plans.PRODUCTS), f"{source.shop}/{piece.source.id}")
            found = known.identities.get(native)
            piece.target_id = (found.target_id if found else None) or ""
    goods.adopt_by_sku(effort, known)


def empty_plan(job: Job, row: SourceRow | None, kind: str) -> Plan:
    """What HubSpot ought to show of a record that is gone; its parts are those it may have."""
    version = row.version if row and row.version else Version(updated_at=BEGINNING)
    object_type = ObjectType(kind) if kind in PART_TYPE else None
    return Plan(
        source=job.source,
        version=version,
        head_type=HEAD_TYPE.get(kind, ""),
        part_type=PART_TYPE[object_type] if object_type else "",
        parts=tuple(
            Part(source=SourceKey(job.source.shop, plans.VARIANTS, each), properties={})
            for each in sorted(job.unheard)
        ),
        has_all_parts=True,
    )


def _guest_plan(job: Job, state: State) -> Plan:
    properties = {name: str(value) for name, value in state.record.fields.items()}
    return Plan(
        source=job.source,
        version=state.version,
        head_type=plans.CONTACTS,
        properties=properties,
        email=email_of(job),
    )
