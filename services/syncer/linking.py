"""Makes and heals associations: whichever end comes last, the link is found by a query."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from services.shared.contract.errors import SyncError
from services.shared.contract.keys import SourceKey
from services.shared.contract.topics import ObjectType
from services.shared.hubspot.links import Pair
from services.shared.hubspot.rows import Refused, Result, Row, Unknown, Written
from services.shared.ledger import links, open_links, pairing, waits
from services.shared.ledger.engine import Ledger
from services.shared.ledger.links import Link
from services.shared.ledger.open_links import Ends, OpenLink
from services.shared.ledger.stores import ACCOUNT
from services.shared.ledger.waits import Wait
from services.shared.runtime.vitals import Pulse
from services.syncer import lost_guests, plans
from services.syncer.applying import is_missing
from services.syncer.knowing import HEAD_TYPE, PART_KIND
from services.syncer.people import MERGED_IDS
from services.syncer.writing import Writer

_AT_ONCE = 500
_SWEEP_SECONDS = 10.0
# At the start and now and then: it reads every token, and finds only what a death left undone.
_PAIR_ALL_SECONDS = 600.0
# Between two pieces of that, so that others write meanwhile.
_PIECE_SECONDS = 0.05
_REFUSED_MS = 600_000
_FAILED_MS = 5_000
_ASKED_MS = 30_000

PRODUCT_OF_LINE = "hs_product_id"
# Products cannot be associated: a line item names its product by a property.
_BY_PROPERTY = frozenset({plans.ORDER_LINES, plans.CART_LINES})
# Records that stand for themselves and can be read again.
_ALONE = frozenset({ObjectType.CUSTOMERS, ObjectType.ORDERS, ObjectType.CHECKOUTS})
# What line items are parts of: they are written and read with it.
_WHOLES: Mapping[str, str] = MappingProxyType(
    {part: str(whole) for whole, part in PART_KIND.items()}
)
_TYPES: Mapping[str, str] = MappingProxyType(
    {**{str(kind): name for kind, name in HEAD_TYPE.items()}, plans.VARIANTS: plans.PRODUCTS}
)


@dataclass(slots=True, kw_only=True)
class _Answered:
    """What HubSpot said to links: ``missing`` has not the record that it comes from."""

    made: list[tuple[Link, str]] = field(default_factory=list)
    refused: list[OpenLink] = field(default_factory=list)
    missing: list[OpenLink] = field(default_factory=list)
    failed: list[Link] = field(default_factory=list)

    def take(self, each: OpenLink, target_id: str, result: Result) -> None:
        match result:
            case Written():
                self.made.append((each.link, target_id))
            case Unknown():
                self.failed.append(each.link)
            case Refused():
                self.refused.append(each)
                if is_missing(result):
                    self.missing.append(each)


class Linker:
    """Works on links whose ends were touched, at once; on all others, from time to time."""

    def __init__(self, ledger: Ledger, writer: Writer) -> None:
        self._ledger = ledger
        self._writer = writer
        self._touched: set[SourceKey] = set()
        self._wake = asyncio.Event()
        self._pairs_at = 0.0
        self._pairs_after = ""

    def touch(self, sources: Iterable[SourceKey]) -> None:
        """These have just been settled: links from or to them may have become possible."""
        self._touched.update(sources)
        self._wake.set()

    async def run(self, stopping: asyncio.Event, pulse: Pulse) -> None:
        """Link until told to stop; what HubSpot does not take now is taken up again."""
        pulse.begin()
        while not stopping.is_set():
            try:
                worked = await self.run_once()
                pulse.beat()
                if not worked:
                    await self._rest(stopping)
            except SyncError as problem:
                pulse.suffer(problem.reason)
                await asyncio.sleep(1)

    async def run_once(self) -> int:
        """One round; how many links were worked on.

        Raises:
            SyncError: the ledger does not answer; what was touched still is.
        """
        touched, self._touched = self._touched, set()
        self._wake.clear()
        try:
            found = await self._found(touched)
        except SyncError:
            self._touched |= touched
            raise
        await self._work_on(found)
        return len(found)

    async def _found(self, touched: set[SourceKey]) -> list[OpenLink]:
        await self._pair_more()
        async with self._ledger.transaction() as tx:
            if touched:
                await pairing.pair_carts(tx, touched)
                return await open_links.at(tx, touched)
            return await open_links.anywhere(tx, _AT_ONCE)

    async def _pair_more(self) -> None:
        """The next piece of all carts, if it is time for that."""
        now = asyncio.get_running_loop().time()
        if now < self._pairs_at:
            return
        async with self._ledger.transaction() as tx:
            after = await pairing.pair_more_carts(tx, ACCOUNT, self._pairs_after)
        self._pairs_after = after or ""
        self._pairs_at = now + (_PIECE_SECONDS if after else _PAIR_ALL_SECONDS)

    async def _rest(self, stopping: asyncio.Event) -> None:
        """Until something is touched, or it is time for a sweep; all carts are paired before."""
        while self._pairs_after and not (self._wake.is_set() or stopping.is_set()):
            await self._wait(stopping, _PIECE_SECONDS)
            await self._pair_more()
        await self._wait(stopping, _SWEEP_SECONDS)

    async def _wait(self, stopping: asyncio.Event, seconds: float) -> None:
        waits = [asyncio.ensure_future(each.wait()) for each in (self._wake, stopping)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _work_on(self, found: Sequence[OpenLink]) -> None:
        if not found:
            return
        answered = _Answered()
        there = [each for each in found if each.ends is Ends.BOTH_THERE]
        for (from_kind, to_kind), some in _grouped(there).items():
            make = self._name_product if from_kind in _BY_PROPERTY else self._associate
            await make(_TYPES.get(from_kind, ""), _TYPES[to_kind], some, answered)
        await self._remove([each for each in there if each.linked_to not in (None, each.to_target)])
        unknown = [each.link for each in found if each.ends is Ends.PART_UNKNOWN]
        gone = [each for each in found if each.ends in (Ends.DEAD, Ends.TO_BE_REMOVED)]
        await self._remove([each for each in gone if each.ends is Ends.TO_BE_REMOVED])
        async with self._ledger.transaction() as tx:
            await open_links.done(tx, answered.made)
            await open_links.put_off(tx, [each.link for each in answered.refused], _REFUSED_MS)
            await waits.wait(tx, _doubted(answered))
            await open_links.put_off(tx, answered.failed, _FAILED_MS)
            await waits.wait(tx, _asked_for(unknown))
            await open_links.put_off(tx, unknown, _ASKED_MS)
            await open_links.drop(tx, gone)
        await lost_guests.look_after(self._ledger, self._writer, answered.refused)

    async def _associate(
        self,
        from_type: str,
        to_type: str,
        some: Sequence[OpenLink],
        into: _Answered,
    ) -> None:
        pairs = {each: Pair(each.from_target or "", each.to_target or "") for each in some}
        results = await self._writer.associate(from_type, to_type, pairs.values())
        for each, pair in pairs.items():
            into.take(each, pair.to_id, results[pair])

    async def _name_product(
        self,
        _from_type: str,
        _to_type: str,
        some: Sequence[OpenLink],
        into: _Answered,
    ) -> None:
        rows = {
            f"{each.link.from_kind}/{each.link.from_id}": (each, _product_row(each))
            for each in some
        }
        results = await self._writer.update(plans.LINE_ITEMS, [row for _, row in rows.values()])
        for trace, (each, _) in rows.items():
            into.take(each, each.to_target or "", results[trace])

    async def _remove(self, some: Sequence[OpenLink]) -> None:
        """Take associations away, but none that another wanted link means as well."""
        if not some:
            return
        async with self._ledger.transaction() as tx:
            wanted = await links.wanted_pairs(tx, map(_source, some))
        stale = [
            each
            for each in some
            if each.linked_to and each.from_target and each.link.from_kind not in _BY_PROPERTY
        ]
        for (from_kind, to_kind), group in _grouped(stale).items():
            now = await self._merged_into(_TYPES[to_kind], group, wanted)
            kept = {(source, now.get(target_id, target_id)) for source, target_id in wanted}
            pairs = [
                Pair(each.from_target or "", to_id)
                for each in group
                if (to_id := now.get(each.linked_to or "", each.linked_to or ""))
                and (_source(each), to_id) not in kept
            ]
            await self._writer.dissociate(_TYPES[from_kind], _TYPES[to_kind], pairs)

    async def _merged_into(
        self, to_type: str, some: Sequence[OpenLink], wanted: Iterable[tuple[SourceKey, str]]
    ) -> Mapping[str, str]:
        """What contacts that people merged are now, by the ids under which we linked them."""
        if to_type != plans.CONTACTS:
            return {}
        sources = {_source(each) for each in some}
        ids = {target_id for source, target_id in wanted if source in sources and target_id}
        ids |= {each.linked_to for each in some if each.linked_to}
        reading = await self._writer.read(to_type, sorted(ids), (MERGED_IDS,))
        return {each: record.id for each, record in reading.found.items()}


def _doubted(answered: _Answered) -> list[Wait]:
    """What may have been archived by people, to be written anew, which shows it.

    That is an end of a refused link, or what a line item that is missing is a part of.
    """
    ends = {
        end
        for each in answered.refused
        for end in (
            SourceKey(each.link.shop, each.link.from_kind, each.link.from_id),
            SourceKey(each.link.shop, each.link.to_kind, each.link.to_id),
        )
        if end.kind in _ALONE
    }
    ends |= {
        SourceKey(each.link.shop, _WHOLES[each.link.from_kind], each.from_parent)
        for each in answered.missing
        if each.from_parent and each.link.from_kind in _WHOLES
    }
    return [Wait(key=end, reason="link_refused", suspect_for_ms=1) for end in sorted(ends, key=str)]


def _asked_for(unknown: Iterable[Link]) -> list[Wait]:
    """The products of variants nobody has seen, to be read: they may have them no more."""
    products = {(link.shop, link.to_parent_id) for link in unknown if link.to_parent_id}
    return [
        Wait(key=SourceKey(shop, ObjectType.PRODUCTS, each), reason="variant_unknown")
        for shop, each in sorted(products)
    ]


def _product_row(each: OpenLink) -> Row:
    return Row(
        trace=f"{each.link.from_kind}/{each.link.from_id}",
        id=each.from_target or "",
        properties={PRODUCT_OF_LINE: each.to_target or ""},
    )


def _source(each: OpenLink) -> SourceKey:
    return SourceKey(each.link.shop, each.link.from_kind, each.link.from_id)


def _grouped(some: Iterable[OpenLink]) -> dict[tuple[str, str], list[OpenLink]]:
    grouped: dict[tuple[str, str], list[OpenLink]] = {}
    for each in some:
        grouped.setdefault((each.link.from_kind, each.link.to_kind), []).append(each)
    return grouped
