"""How far a plan has come: what is known of its HubSpot records, and what each answer said.

An effort is the one mutable value of the syncer. It is made from the ledger under a claim, changed
by ``applying`` as answers come, and read by ``settling``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.shared.contract.errors import SyncError
from services.shared.contract.keys import SourceKey
from services.shared.hubspot.fingerprints import changed, merged
from services.shared.hubspot.rows import Refused, Result, Unknown, Written
from services.shared.ledger.sources import SourceRow
from services.shared.ledger.targets import TargetRow
from services.syncer.deciding import is_left_alone
from services.syncer.plans import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why HubSpot does not show a record as planned; ``part`` names the piece that was refused."""

    reason: str
    detail: str = ""
    part: str = ""


@dataclass(slots=True, kw_only=True)
class Piece:
    """One HubSpot record of an effort: its head, or one of its parts.

    ``may_come_again``: a call with it that got no answer may be carried out yet.
    ``fingerprint`` is of what HubSpot shows of our values as far as we know; an empty one means
    that nothing is known, so everything is written. ``may_exist``: an earlier call may have created
    it although we know no id; ``email`` finds a contact.
    """

    source: SourceKey
    object_type: str
    properties: Mapping[str, str]
    target_id: str = ""
    fingerprint: bytes = b""
    is_written: bool = False
    is_gone: bool = False
    refused: Refused | None = None
    unknown: Unknown | None = None
    merged_from: str = ""
    may_exist: bool = False
    may_come_again: bool = False
    email: str = ""

    @property
    def to_write(self) -> Mapping[str, str]:
        """The properties that differ from what HubSpot shows."""
        return changed(self.properties, self.fingerprint) if self.target_id else self.properties

    @property
    def is_settled(self) -> bool:
        """Whether HubSpot shows this piece as planned."""
        return bool(self.target_id) and not (self.is_gone or self.refused or self.unknown)

    def postpone(self, cause: SyncError) -> None:
        """Nothing could be asked about it, and nothing was sent."""
        trace = str(self.source)
        self.refused, self.unknown = None, Unknown(trace=trace, cause=cause, may_be_applied=False)

    def move_to(self, target_id: str) -> bool:
        """Stand for another record, of which nothing is known; false if it is no other."""
        if target_id in ("", self.target_id):
            return False
        self.target_id, self.fingerprint = target_id, b""
        return True

    def take(self, result: Result, sent: Mapping[str, str]) -> None:
        """Learn what became of writing ``sent``."""
        match result:
            case Written(id=target_id, may_come_again=may_come_again):
                self.may_come_again |= may_come_again
                if self.target_id and self.target_id != target_id:
                    # People merged two records: of the one that remains we know what we sent now.
                    self.merged_from, self.fingerprint = self.target_id, b""
                self.target_id = target_id
                self.fingerprint = merged(self.fingerprint, sent)
                self.is_written = True
                self.refused = self.unknown = None
            case Refused():
                self.refused = result
            case Unknown():
                self.unknown = result


@dataclass(slots=True, kw_only=True)
class Effort:
    """One aggregate on its way to HubSpot.

    ``is_suspect``: a write of an earlier owner may have been applied, or may still be; nothing is
    skipped then, and parts are recognised by what HubSpot shows. ``removals`` are HubSpot ids of
    parts that are to go, ``unremoved`` says why HubSpot could not be told so. ``writes`` is false
    where another source's values stand in the target; ``renames`` is true where a contact gets a
    new email. ``left_target`` is a contact it stands behind no longer, ``merged`` leads from the
    ids which that had before people merged it; ``apart_from`` is the contact that has its email,
    ``merged_into`` whose record it is in which people merged this one's. ``awaits`` names what must
    be known first; ``note`` is said of it although it is in sync.
    """

    plan: Plan
    row: SourceRow | None
    head: Piece | None
    parts: dict[str, Piece]
    known_parts: Mapping[str, SourceRow]
    removals: list[str] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    unremoved: SyncError | None = None
    is_suspect: bool = False
    is_adopted: bool = False
    writes: bool = True
    failure: Failure | None = None
    left_target: str = ""
    merged: Mapping[str, str] = field(default_factory=dict)
    renames: bool = False
    apart_from: str = ""
    is_taken_over: bool = False
    merged_into: SourceKey | None = None
    awaits: str = ""
    note: str = ""

    @property
    def pieces(self) -> Iterable[Piece]:
        """The head, if there is one, and the parts."""
        return (*((self.head,) if self.head else ()), *self.parts.values())

    @property
    def unknown(self) -> SyncError | None:
        """Why something about this effort is not known, if anything is."""
        causes = (piece.unknown.cause for piece in self.pieces if piece.unknown)
        return next(causes, self.unremoved)

    @property
    def may_be_applied(self) -> bool:
        """Whether a call whose outcome is unknown may have reached HubSpot's records."""
        return any(piece.unknown.may_be_applied for piece in self.pieces if piece.unknown)

    def postpone(self, cause: SyncError) -> None:
        """Nothing could be asked about it, and nothing was sent."""
        for piece in self.pieces:
            piece.postpone(cause)

    @property
    def may_come_again(self) -> bool:
        """Whether HubSpot may yet carry out a call again that a later one has repeated."""
        return any(piece.may_come_again for piece in self.pieces)

    @property
    def problem(self) -> Failure | None:
        """The first refusal, naming the part it is about."""
        if self.failure:
            return self.failure
        for piece in self.pieces:
            if piece.refused:
                part = "" if piece is self.head else str(piece.source)
                return failure_of(piece.refused, part)
        return None

    @property
    def is_excluded(self) -> bool:
        """Whether people took the head out of HubSpot."""
        return self.head is not None and self.head.is_gone

    @property
    def goes_on(self) -> bool:
        """Whether the parts may be worked on: they need their head."""
        if self.failure or self.unknown:
            return False
        return self.head is None or self.head.is_settled


def failure_of(refusal: Refused, part: str = "") -> Failure:
    """A refusal as the ledger keeps it: HubSpot's code and property, no value."""
    reason = refusal.code or refusal.category or "refused"
    holder = refusal.existing_id and f"held by {refusal.existing_id}"
    named = [each for each in (refusal.field, holder, refusal.detail) if each]
    return Failure(reason=reason, detail=" ".join(named)[:500], part=part)


def effort_for(
    plan: Plan,
    row: SourceRow | None,
    known_parts: Iterable[SourceRow],
    targets: Mapping[tuple[str, str], TargetRow],
) -> Effort:
    """The beginning of an effort, from what the ledger knows."""
    by_id = {part.key.id: part for part in known_parts}
    head = None
    if plan.head_type:
        target_id = (row.target_id if row else None) or ""
        head = Piece(
            source=plan.source,
            object_type=plan.head_type,
            properties=plan.properties,
            email=plan.email,
            target_id=target_id,
            fingerprint=_fingerprint(targets, plan.head_type, target_id),
        )
    parts = {}
    for part in plan.parts:
        known = by_id.get(part.source.id)
        target_id = (known.target_id if known else None) or ""
        parts[part.source.id] = Piece(
            source=part.source,
            object_type=plan.part_type,
            properties=part.properties,
            target_id=target_id,
            fingerprint=_fingerprint(targets, plan.part_type, target_id),
            is_gone=is_left_alone(known),
        )
    gone = [
        part.target_id
        for part in by_id.values()
        if part.target_id and part.key.id not in parts and plan.has_all_parts
    ]
    return Effort(
        plan=plan,
        row=row,
        head=head,
        parts=parts,
        known_parts=by_id,
        removals=gone,
        note=plan.note,
    )


def _fingerprint(
    targets: Mapping[tuple[str, str], TargetRow], object_type: str, target_id: str
) -> bytes:
    row = targets.get((object_type, target_id))
    return row.fingerprint if row else b""
