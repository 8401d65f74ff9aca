"""Carries plans out in HubSpot: heads, then their parts, a hundred records a call.

Nothing is decided here about versions, and nothing is kept: what the answers say is left in the
efforts. Who calls holds the claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.shared.contract.errors import SyncError
from services.shared.hubspot.rows import NOT_FOUND, InlineAssociation, Refused, Row, Unknown
from services.shared.hubspot.schema import SYNC_KEY
from services.syncer import plans, recognising
from services.syncer.efforts import Effort, Failure, Piece
from services.syncer.writing import Writer

EMAIL = "email"
AMBIGUOUS_LINES = "ambiguous_lines"


@dataclass(slots=True, kw_only=True)
class Abilities:
    """What this account lets us do.

    ``keyed`` are the HubSpot types whose ``shopify_sync_key`` is unique, so that they can be
    upserted by it; a type leaves when HubSpot refuses it after all. ``line_item_links`` are the
    type ids of line item to order and to cart.
    """

    keyed: set[str]
    line_item_links: Mapping[str, int]


class Applier:
    """Carries out efforts, side by side where HubSpot takes them in one call."""

    def __init__(self, writer: Writer, abilities: Abilities) -> None:
        self._writer = writer
        self._abilities = abilities

    async def apply(self, efforts: Sequence[Effort]) -> None:
        """Make HubSpot show the plans. What could not be done is left in the effort."""
        await self.write(effort.head for effort in efforts if effort.head and effort.writes)
        going = [effort for effort in efforts if effort.goes_on]
        await self._recognise([effort for effort in going if effort.plan.part_type])
        await self._write_parts([effort for effort in going if effort.goes_on])
        await self._remove_parts(going)

    async def archive(self, efforts: Sequence[Effort]) -> None:
        """Take efforts' records out of HubSpot, the parts before what they hang on."""
        await self._find_by_key(efforts)
        for effort in efforts:
            found = {piece.target_id for piece in effort.parts.values() if piece.target_id}
            effort.removals.extend(sorted(found.difference(effort.removals)))
        # Lines that an earlier call may have created hang on nothing once their order is gone.
        await self._recognise([each for each in efforts if each.head and each.head.target_id])
        await self._remove_parts(efforts)
        heads: dict[str, list[Effort]] = {}
        for effort in efforts:
            if effort.head and effort.head.target_id and not (effort.removals or effort.unknown):
                heads.setdefault(effort.head.object_type, []).append(effort)
        for object_type, some in heads.items():
            ids = {each.head.target_id: each for each in some if each.head}
            for target_id, result in (await self._writer.archive(object_type, ids)).items():
                piece = ids[target_id].head
                if piece:
                    piece.take(result, {})

    async def _find_by_key(self, efforts: Sequence[Effort]) -> None:
        """Ids of records that an earlier call may have created without our learning them."""
        for object_type in self._abilities.keyed:
            pieces = {
                f"{piece.source.shop}/{piece.source.id}": piece
                for effort in efforts
                for piece in effort.pieces
                if piece.may_exist and piece.object_type == object_type
            }
            if not pieces:
                continue
            try:
                reading = await self._writer.read(object_type, pieces, (SYNC_KEY,), SYNC_KEY)
            except SyncError as problem:
                for piece in pieces.values():
                    piece.postpone(problem)
                continue
            for key, record in reading.found.items():
                pieces[key].move_to(record.id)

    async def write(self, pieces: Iterable[Piece]) -> None:
        """Create or update pieces that stand for themselves."""
        chosen = [piece for piece in pieces if not piece.is_gone and piece.to_write]
        known = [piece for piece in chosen if piece.target_id]
        new = [piece for piece in chosen if not piece.target_id]
        keyed = [piece for piece in new if self._is_keyed(piece)]
        unkeyed = [piece for piece in new if not self._is_keyed(piece)]
        await self._send(known, self._writer.update, _update_row)
        await self._send(keyed, self._writer.upsert, _upsert_row)
        await self._send(
            [*unkeyed, *self._refused_the_key(keyed)], self._writer.create, _create_row
        )
        await self._resolve_missing([p for p in known if p.refused and is_missing(p.refused)])

    def _refused_the_key(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Those to be created instead, now that HubSpot refuses to upsert by our key at all.

        One that may be there already is not: the next time its type is no longer keyed, and a
        census looks for it first.
        """
        refused = [
            piece
            for piece in pieces
            if piece.unknown and piece.unknown.cause.reason == "id_property_not_unique"
        ]
        self._abilities.keyed.difference_update(piece.object_type for piece in refused)
        again = [piece for piece in refused if not piece.may_exist]
        for piece in again:
            piece.unknown = None
        return again

    def _is_keyed(self, piece: Piece) -> bool:
        return piece.object_type in self._abilities.keyed

    async def _send(
        self,
        pieces: Sequence[Piece],
        write: Callable[..., object],
        row_of: Callable[[Piece], Row],
    ) -> None:
        by_type: dict[str, dict[str, tuple[Piece, Row]]] = {}
        for piece in pieces:
            row = row_of(piece)
            by_type.setdefault(piece.object_type, {})[row.trace] = (piece, row)
        for object_type, rows in by_type.items():
            results = await write(object_type, [row for _, row in rows.values()])  # type: ignore[misc]  # one of Writer's three
            for trace, (piece, row) in rows.items():
                piece.take(results[trace], row.properties)

    async def _resolve_missing(self, pieces: Sequence[Piece]) -> None:
        """Records HubSpot has no more under the ids we know.

        Another record with the same email or key took their place, or people archived them: then
        they are left so.
        """
        again: list[Piece] = []
        for object_type in {piece.object_type for piece in pieces}:
            lost = [piece for piece in pieces if piece.object_type == object_type]
            try:
                found = await self._by_name(object_type, lost)
            except SyncError as problem:
                for piece in lost:
                    piece.postpone(problem)
                continue
            for piece in lost:
                piece.refused = None
                piece.is_gone = not piece.move_to(found.get(self._name_of(piece)[1], ""))
            again += [piece for piece in lost if not piece.is_gone]
        await self._send(again, self._writer.update, _update_row)

    async def _by_name(self, object_type: str, pieces: Sequence[Piece]) -> Mapping[str, str]:
        names = [self._name_of(piece) for piece in pieces]
        id_property = next((each for each, value in names if value), "")
        if not id_property:
            return {}
        asked = [value for _, value in names if value]
        reading = await self._writer.read(object_type, asked, (id_property,), id_property)
        return {name: record.id for name, record in reading.found.items()}

    def _name_of(self, piece: Piece) -> tuple[str, str]:
        """The unique property, and its value, by which HubSpot finds a record; empty if none."""
        if piece.object_type == plans.CONTACTS:
            return EMAIL, piece.email
        return SYNC_KEY, piece.properties.get(SYNC_KEY, "") if self._is_keyed(piece) else ""

    async def _recognise(self, efforts: Sequence[Effort]) -> None:
        """Learn from HubSpot which line items are ours where the ledger may not know them all."""
        unsure = [
            effort
            for effort in efforts
            if effort.plan.part_type == plans.LINE_ITEMS
            and effort.head
            and (effort.is_suspect or effort.is_adopted)
        ]
        if unsure:
            try:
                seen = await self._lines_in_hubspot(unsure)
            except SyncError as problem:
                for effort in unsure:
                    effort.postpone(problem)
                return
            for effort in unsure:
                lines = seen.get(effort.head.target_id if effort.head else "", ())
                verdict = recognising.recognised(effort, lines)
                effort.removals.extend(verdict.doubles)
                for part_id, target_id in verdict.ours.items():
                    effort.parts[part_id].target_id = target_id
                if verdict.is_ambiguous:
                    effort.failure = Failure(reason=AMBIGUOUS_LINES)

    async def _lines_in_hubspot(
        self, efforts: Sequence[Effort]
    ) -> Mapping[str, Sequence[recognising.Line]]:
        heads = {effort.head.target_id: effort.head for effort in efforts if effort.head}
        found: dict[str, list[recognising.Line]] = {}
        for object_type in {head.object_type for head in heads.values()}:
            ids = [key for key, head in heads.items() if head.object_type == object_type]
            linked = await self._writer.associations(object_type, plans.LINE_ITEMS, ids)
            every = {each for lines in linked.values() for each in lines}
            reading = await self._writer.read(plans.LINE_ITEMS, every, recognising.PROPERTIES)
            for head_id, lines in linked.items():
                found[head_id] = [
                    recognising.line_of(reading.found[each])
                    for each in sorted(lines)
                    if each in reading.found
                ]
        return found

    async def _write_parts(self, efforts: Sequence[Effort]) -> None:
        lines: list[tuple[Piece, Row]] = []
        others: list[Piece] = []
        for effort in efforts:
            for piece in effort.parts.values():
                if piece.target_id or effort.plan.part_type != plans.LINE_ITEMS:
                    others.append(piece)
                elif effort.head:
                    lines.append((piece, self._line_row(piece, effort.head)))
        await self.write(others)
        if lines:
            results = await self._writer.create(plans.LINE_ITEMS, [row for _, row in lines])
            for piece, row in lines:
                piece.take(results[row.trace], row.properties)

    def _line_row(self, piece: Piece, head: Piece) -> Row:
        """Created with its order inline: there is never a line item that hangs on nothing."""
        type_id = self._abilities.line_item_links[head.object_type]
        link = InlineAssociation(to_id=head.target_id, type_id=type_id)
        return Row(trace=str(piece.source), properties=piece.properties, associations=(link,))

    async def _remove_parts(self, efforts: Sequence[Effort]) -> None:
        by_type: dict[str, list[str]] = {}
        for effort in efforts:
            if effort.removals and not (effort.failure or effort.unknown):
                by_type.setdefault(effort.plan.part_type, []).extend(effort.removals)
        for object_type, ids in by_type.items():
            results = await self._writer.archive(object_type, filter(None, ids))
            kept = {key: each.cause for key, each in results.items() if isinstance(each, Unknown)}
            for effort in efforts:
                if effort.plan.part_type == object_type:
                    asked = results.keys() & set(effort.removals)
                    effort.removed.update(asked - kept.keys())
                    effort.removals = [each for each in effort.removals if each in kept]
                    effort.unremoved = next((kept[each] for each in effort.removals), None)


def is_missing(refusal: Refused) -> bool:
    """Whether HubSpot says that the record is not there (any more)."""
    return NOT_FOUND in (refusal.category, refusal.code)


def _update_row(piece: Piece) -> Row:
    return Row(trace=str(piece.source), id=piece.target_id, properties=piece.to_write)


def _upsert_row(piece: Piece) -> Row:
    key = piece.properties[SYNC_KEY]
    return Row(trace=str(piece.source), id=key, id_property=SYNC_KEY, properties=piece.properties)


def _create_row(piece: Piece) -> Row:
    return Row(trace=str(piece.source), properties=piece.properties)
