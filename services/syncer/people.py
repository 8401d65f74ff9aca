"""Which HubSpot contact a person is, and whose values stand in it.

Contacts are found by email and written by id. One contact may stand for several customers, of
several stores; the newest of them wins the whole row. Guests may make a contact, never change one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from services.shared.contract.topics import ObjectType
from services.shared.hubspot.rows import CrmRecord
from services.shared.ledger.identities import EMAIL, Identity
from services.shared.ledger.sources import SourceRow
from services.syncer import plans
from services.syncer.efforts import Effort, Failure, Piece
from services.syncer.knowing import Known
from services.syncer.planning import normal_email

EMAIL_TAKEN = "email_taken"
MERGED_IDS = "hs_merged_object_ids"


def place(effort: Effort, known: Known) -> None:
    """Point ``effort`` at its contact as far as the ledger knows it, and say whether it writes."""
    head = effort.head
    if head is None:
        return
    found = known.identities.get((EMAIL, effort.plan.email))
    holder = (found.target_id if found else None) or ""
    current = head.target_id
    if not is_customer(effort):
        current = holder or current
    elif current and holder != current:
        others = [s for s in known.sharers.get(current, ()) if s.key != effort.plan.source]
        if others:
            effort.left_target, current = current, holder
        elif holder:
            _keep_apart(effort, holder)
        else:
            effort.renames = True
    settle_on(effort, current or holder, known.sharers)
    row = known.targets.get((plans.CONTACTS, head.target_id))
    head.fingerprint = row.fingerprint if row and not effort.is_suspect else b""


def settle_on(effort: Effort, target_id: str, sharers: Mapping[str, Sequence[SourceRow]]) -> None:
    """Let ``effort`` be about this contact; it writes if no newer customer is behind it."""
    if effort.head is None:
        return
    effort.head.target_id = target_id
    if target_id and not effort.renames:
        # It was found by this email, perhaps its second one: writing it would drop the first.
        _leave_email(effort.head)
    if not is_customer(effort):
        effort.writes = not target_id
        return
    others = [
        other.version.updated_at
        for other in sharers.get(target_id, ())
        if other.key != effort.plan.source and other.version
    ]
    effort.writes = not others or effort.plan.version.updated_at >= max(others)


def heed_archived(effort: Effort, missing: Collection[str]) -> None:
    """Let ``effort`` have its email after all if the contact that held it is ``missing``."""
    if effort.head and effort.apart_from in missing:
        _apart_no_more(effort)
        effort.renames, effort.head.properties = True, effort.plan.properties


def heed_merges(
    effort: Effort,
    shown: Mapping[str, CrmRecord],
    holders: Mapping[tuple[str, str], Identity],
    sharers: Mapping[str, Sequence[SourceRow]],
) -> None:
    """Let ``effort`` leave a contact that people merged with another's, to whom it is left.

    Renamed, that one could lose the other's email; kept, it would show two customers in turn. But
    it stays in the one that has its email by the merge. ``holders`` are the contacts that the
    emails in ``shown`` belong to as far as the ledger knows, ``sharers`` the customers behind any
    contact that went into those shown.
    """
    head = effort.head
    record = shown.get(head.target_id) if head and wants_another_email(effort) else None
    if head is None or record is None:
        return
    ids = ids_of(record) | {head.target_id}
    if ids == {record.id}:
        return
    effort.merged = dict.fromkeys(sorted(ids - {record.id}), record.id)
    if effort.apart_from in ids:
        # People merged the two, as they were asked to: it has both emails now.
        _apart_no_more(effort)
        head.target_id, head.fingerprint = record.id, b""
        return
    others = any(row.key != effort.plan.source for each in ids for row in sharers.get(each, ()))
    email = email_shown(record)
    holder = holders.get((EMAIL, email))
    is_anothers = bool(email) and (holder is None or holder.target_id != head.target_id)
    if others or is_anothers:
        _apart_no_more(effort)
        effort.left_target, effort.renames = record.id, False
        head.target_id, head.fingerprint, head.properties = "", b"", effort.plan.properties


def ids_of(contact: CrmRecord) -> set[str]:
    """Every id that leads to a contact: its own, and those it had before people merged it."""
    return {contact.id, *(contact.properties.get(MERGED_IDS) or "").split(";")} - {""}


def wants_another_email(effort: Effort) -> bool:
    """Whether the contact ``effort`` stands behind has not the email that its customer has now."""
    return effort.renames or bool(effort.apart_from)


def email_shown(contact: CrmRecord) -> str:
    """The first email of a contact in HubSpot, in the form of the ledger's."""
    return normal_email(contact.properties.get(EMAIL))


def lost_email(effort: Effort) -> bool:
    """Whether HubSpot refused to give a known contact an email that another one holds.

    The effort is then failing, both ids named, and its other values can be written still.
    """
    head = effort.head
    refused = head.refused if head else None
    is_taken = refused is not None and bool(refused.existing_id)
    if head is None or not is_taken or not head.target_id or refused is None:
        return False
    head.refused = None
    _keep_apart(effort, refused.existing_id)
    return True


def is_customer(effort: Effort) -> bool:
    """Whether the effort is about a customer, not a guest."""
    return effort.plan.source.kind == ObjectType.CUSTOMERS


def _keep_apart(effort: Effort, holder: str) -> None:
    head = effort.head
    if head is None:
        return
    effort.failure = Failure(reason=EMAIL_TAKEN, detail=f"{head.target_id} {holder}")
    effort.apart_from = holder
    _leave_email(head)


def _apart_no_more(effort: Effort) -> None:
    effort.failure, effort.apart_from = None, ""


def _leave_email(head: Piece) -> None:
    head.properties = {name: value for name, value in head.properties.items() if name != "email"}
