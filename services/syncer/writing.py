"""Writes to HubSpot in batches, and keeps one bad row from failing its neighbours.

Each call draws its own slot. What HubSpot's answer leaves open stays open in the result; nothing
here raises for a row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import msgspec

from services.shared.contract.errors import (
    OutcomeUnknownError,
    SyncError,
    WorldAtFaultError,
)
from services.shared.contract.reasons import NETWORK_PREFIX
from services.shared.hubspot.answers import verdict_of
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.links import (
    DISSOCIATED_PER_CALL,
    PAIRS_PER_CALL,
    READS_PER_CALL,
    Pair,
)
from services.shared.hubspot.problems import RejectedByHubSpotError
from services.shared.hubspot.rows import (
    ROWS_PER_CALL,
    CrmRecord,
    Reading,
    Result,
    Row,
    Unknown,
    Written,
    refused,
)
from services.shared.runtime.retrying import DEFAULT_PATIENCE, Patience, retried
from services.syncer.splitting import Traced, chunks, is_about_all, parts_of, waves

Slot = Callable[[], Awaitable[None]]
T = TypeVar("T", bound=Traced)
T_contra = TypeVar("T_contra", bound=Traced, contravariant=True)
U = TypeVar("U")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    trace: str
    pair: Pair


class _Send(Protocol[T_contra]):
    """One call for some rows; a result for every one of them."""

    async def __call__(self, rows: Sequence[T_contra], /) -> Mapping[str, Result]: ...


class Writer:
    """Writes and reads for one account in one lane.

    ``slot`` returns when one call may be sent, and is asked before every call. At most
    ``side_by_side`` calls are under way. Writes give one result per trace, whatever happens: a
    call that failed as a whole leaves its rows ``Unknown``, with the error as ``cause`` (look for
    ``OursToFixError`` there); reads raise.
    """

    def __init__(
        self,
        hubspot: HubSpot,
        slot: Slot,
        *,
        patience: Patience = DEFAULT_PATIENCE,
        side_by_side: int = 4,
    ) -> None:
        self._hubspot = hubspot
        self._slot = slot
        self._patience = patience
        self._gate = asyncio.Semaphore(side_by_side)

    async def upsert(self, object_type: str, rows: Iterable[Row]) -> Mapping[str, Result]:
        """Create or update by unique property. Of rows with one id the later is written later."""

        async def send(some: Sequence[Row]) -> Mapping[str, Result]:
            return await self._hubspot.batch_upsert(object_type, some)

        return await self._write_rows(send, rows)

    async def update(self, object_type: str, rows: Iterable[Row]) -> Mapping[str, Result]:
        """Update by id. Of rows with one id the later is written later."""

        async def send(some: Sequence[Row]) -> Mapping[str, Result]:
            return await self._hubspot.batch_update(object_type, some)

        return await self._write_rows(send, rows)

    async def create(self, object_type: str, rows: Iterable[Row]) -> Mapping[str, Result]:
        """Create. A call whose outcome is unknown is not repeated: its rows are ``Unknown``."""

        async def send(some: Sequence[Row]) -> Mapping[str, Result]:
            return await self._hubspot.batch_create(object_type, some)

        return await self._write(send, [*rows], ROWS_PER_CALL, is_repeatable=False)

    async def archive(self, object_type: str, ids: Iterable[str]) -> Mapping[str, Result]:
        """Archive; the results are by id."""

        async def send(some: Sequence[Row]) -> Mapping[str, Result]:
            await self._hubspot.batch_archive(object_type, [row.id for row in some])
            return {row.trace: Written(trace=row.trace, id=row.id) for row in some}

        rows = [Row(trace=each, id=each) for each in dict.fromkeys(ids)]
        return await self._write(send, rows, ROWS_PER_CALL, is_repeatable=True)

    async def associate(
        self, from_type: str, to_type: str, pairs: Iterable[Pair]
    ) -> Mapping[Pair, Result]:
        """Link by the default association; the results are by pair."""

        async def send(some: Sequence[_Link]) -> Mapping[str, Result]:
            asked = [link.pair for link in some]
            refusals = await self._hubspot.associate_default(from_type, to_type, asked)
            return {
                link.trace: verdict_of(link.trace, refusals[link.pair])
                if link.pair in refusals
                else Written(trace=link.trace, id=link.pair.to_id)
                for link in some
            }

        links = [
            _Link(trace=f"{pair.from_id}-{pair.to_id}", pair=pair) for pair in dict.fromkeys(pairs)
        ]
        results = await self._write(send, links, PAIRS_PER_CALL, is_repeatable=True)
        return {link.pair: results[link.trace] for link in links}

    async def dissociate(self, from_type: str, to_type: str, pairs: Iterable[Pair]) -> None:
        """Remove every link between the pairs.

        Raises:
            SyncError: a call failed; some pairs may be gone, doing it again is safe.
        """
        for some in chunks(sorted({*pairs}), DISSOCIATED_PER_CALL):
            await self._repeated(partial(self._hubspot.dissociate, from_type, to_type, some))

    async def read(
        self, object_type: str, ids: Iterable[str], properties: Iterable[str], id_property: str = ""
    ) -> Reading:
        """Any number of records, 100 a call.

        Raises:
            SyncError: a call failed; nothing is known.
        """
        asked, names = [*dict.fromkeys(ids)], [*properties]
        readings = await self._all(
            lambda some: self._hubspot.batch_read(object_type, some, names, id_property),
            chunks(asked, ROWS_PER_CALL),
        )
        found: dict[str, CrmRecord] = {}
        for reading in readings:
            found |= reading.found
        return Reading(
            found=found,
            missing=frozenset().union(*(each.missing for each in readings)),
            unanswered=frozenset().union(*(each.unanswered for each in readings)),
        )

    async def associations(
        self, from_type: str, to_type: str, from_ids: Iterable[str]
    ) -> Mapping[str, frozenset[str]]:
        """The ids linked with each of any number of records.

        Raises:
            SyncError: a call failed; nothing is known.
        """
        found: dict[str, frozenset[str]] = {}
        for linked in await self._all(
            lambda some: self._hubspot.associations(from_type, to_type, some),
            chunks([*dict.fromkeys(from_ids)], READS_PER_CALL),
        ):
            found |= linked
        return found

    async def _write_rows(self, send: _Send[Row], rows: Iterable[Row]) -> dict[str, Result]:
        results: dict[str, Result] = {}
        for wave in waves(rows):
            results |= await self._write(send, wave, ROWS_PER_CALL, is_repeatable=True)
        return results

    async def _write(
        self, send: _Send[T], rows: Sequence[T], at_once: int, *, is_repeatable: bool
    ) -> dict[str, Result]:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._settled(send, some, is_repeatable=is_repeatable))
                for some in chunks(rows, at_once)
            ]
        results: dict[str, Result] = {}
        for task in tasks:
            results |= task.result()
        return results

    async def _settled(
        self, send: _Send[T], rows: Sequence[T], *, is_repeatable: bool
    ) -> dict[str, Result]:
        """One result per row: the call's, or those of its parts where it was refused whole."""
        unknown: list[OutcomeUnknownError] = []

        async def attempt() -> Mapping[str, Result]:
            try:
                return await self._one_call(partial(_answered, send, rows))
            except OutcomeUnknownError as error:
                unknown.append(error)
                raise

        try:
            results = dict(await self._retried(attempt, is_repeatable=is_repeatable))
        except RejectedByHubSpotError as error:
            if is_about_all(rows, error.refusal):
                return {row.trace: refused(row.trace, error.refusal) for row in rows}
            results = await self._in_parts(
                send, parts_of(rows, error.refusal), is_repeatable=is_repeatable
            )
            return _doubted(results, unknown)
        except SyncError as error:
            return {
                row.trace: Unknown(trace=row.trace, cause=error, may_be_applied=bool(unknown))
                for row in rows
            }
        results = _doubted(results, unknown)
        unanswered = [row for row in rows if isinstance(results.get(row.trace), Unknown)]
        if not is_repeatable or not unanswered or len(rows) == 1:
            return results
        halves = [*chunks(unanswered, max(len(unanswered) // 2, 1))]
        return results | await self._in_parts(send, halves, is_repeatable=is_repeatable)

    async def _in_parts(
        self, send: _Send[T], parts: Iterable[Sequence[T]], *, is_repeatable: bool
    ) -> dict[str, Result]:
        results: dict[str, Result] = {}
        for part in parts:
            results |= await self._settled(send, part, is_repeatable=is_repeatable)
        return results

    async def _all(
        self, call: Callable[[Sequence[str]], Awaitable[U]], parts: Iterable[Sequence[str]]
    ) -> list[U]:
        return [await self._repeated(partial(call, part)) for part in parts]

    async def _repeated(self, call: Callable[[], Awaitable[U]]) -> U:
        return await self._retried(lambda: self._one_call(call), is_repeatable=True)

    async def _retried(self, call: Callable[[], Awaitable[U]], *, is_repeatable: bool) -> U:
        return await retried(
            call,
            on=(WorldAtFaultError,),
            is_repeatable=is_repeatable,
            patience=self._patience,
        )

    async def _one_call(self, call: Callable[[], Awaitable[U]]) -> U:
        # The gate first: a slot does not keep while a call waits its turn here.
        async with self._gate:
            await self._slot()
            return await call()


def _doubted(
    results: dict[str, Result], unknown: Iterable[OutcomeUnknownError]
) -> dict[str, Result]:
    """``results`` after calls whose outcome is unknown; one that was never answered may be late."""
    if not any(map(_may_be_late, unknown)):
        return results
    return {
        trace: msgspec.structs.replace(each, may_come_again=True)
        if isinstance(each, Written)
        else each
        for trace, each in results.items()
    }


def _may_be_late(error: OutcomeUnknownError) -> bool:
    """Whether HubSpot itself never answered: neither did it begin, perhaps, nor give up."""
    return error.reason == "unavailable" or error.reason.startswith(NETWORK_PREFIX)


async def _answered(send: _Send[T], rows: Sequence[T]) -> Mapping[str, Result]:
    results = await send(rows)
    if all(isinstance(each, Unknown) for each in results.values()):
        raise OutcomeUnknownError("rows_unanswered")
    return results
