"""Makes and heals associations: whichever end comes last, the link is found by a query."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from services.shared.contract.errors import SyncError
from services.shared.contract.keys import SourceKey
from services.shared.contract.topics import ObjectType
from services.shared.hubspot.links import Pair
from services.shared.hubspot.rows import Row, Written
from services.shared.ledger import links, pairing, waits
from services.shared.ledger.engine import Ledger
from services.shared.ledger.links import Ends, Link, OpenLink
from services.shared.ledger.stores import ACCOUNT
from services.shared.ledger.waits import Wait
from services.shared.runtime.vitals import Pulse
from services.syncer import plans
from services.syncer.knowing import HEAD_TYPE
from services.syncer.writing import Writer

_AT_ONCE = 500
_SWEEP_SECONDS = 10.0
# At the start and now and then: it reads every token, and finds only what a death left undone.
_PAIR_ALL_SECONDS = 600.0
_REFUSED_MS = 600_000
_FAILED_MS = 5_000

PRODUCT_OF_LINE = "hs_product_id"
# Products cannot be associated: a line item names its product by a property.
_BY_PROPERTY = frozenset({plans.ORDER_LINES, plans.CART_LINES})
# Records that stand for themselves and can be read again.
_ALONE = frozenset({ObjectType.CUSTOMERS, ObjectType.ORDERS, ObjectType.CHECKOUTS})
_TYPES: Mapping[str, str] = MappingProxyType(
    {**{str(kind): name for kind, name in HEAD_TYPE.items()}, plans.VARIANTS: plans.PRODUCTS}
)


class Linker:
    """Works on links whose ends were touched, at once; on all others, from time to time."""

    def __init__(self, ledger: Ledger, writer: Writer) -> None:
        self._ledger = ledger
        self._writer = writer
        self._touched: set[SourceKey] = set()
        self._wake = asyncio.Event()
        self._pairs_all_at = 0.0

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
            except SyncError as problem:
                pulse.suffer(problem.reason)
                worked = 0
                await asyncio.sleep(1)
            if not worked:
                await self._wait(stopping)

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
        now = asyncio.get_running_loop().time()
        pairs_all = self._pairs_all_at <= now
        async with self._ledger.transaction() as tx:
            if pairs_all:
                await pairing.pair_all_carts(tx, ACCOUNT)
            if touched:
                await pairing.pair_carts(tx, touched)
                found = await links.open_at(tx, touched)
            else:
                found = await links.open_anywhere(tx, _AT_ONCE)
        if pairs_all:
            self._pairs_all_at = now + _PAIR_ALL_SECONDS
        return found

    async def _wait(self, stopping: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(each.wait()) for each in (self._wake, stopping)]
        try:
            await asyncio.wait(waits, timeout=_SWEEP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _work_on(self, found: Sequence[OpenLink]) -> None:
        if not found:
            return
        made: list[tuple[Link, str]] = []
        refused: list[Link] = []
        failed: list[Link] = []
        there = [each for each in found if each.ends is Ends.BOTH_THERE]
        for (from_kind, to_kind), some in _grouped(there).items():
            make = self._name_product if from_kind in _BY_PROPERTY else self._associate
            await make(_TYPES.get(from_kind, ""), _TYPES[to_kind], some, (made, refused, failed))
        await self._remove([each for each in there if each.linked_to not in (None, each.to_target)])
        gone = [each for each in found if each.ends is not Ends.BOTH_THERE]
        await self._remove([each for each in gone if each.ends is Ends.TO_BE_REMOVED])
        async with self._ledger.transaction() as tx:
            await links.done(tx, made)
            await links.put_off(tx, refused, _REFUSED_MS)
            await waits.wait(tx, _doubted(refused))
            await links.put_off(tx, failed, _FAILED_MS)
            await links.drop(tx, gone)

    async def _associate(
        self,
        from_type: str,
        to_type: str,
        some: Sequence[OpenLink],
        into: tuple[list[tuple[Link, str]], list[Link], list[Link]],
    ) -> None:
        pairs = {each.link: Pair(each.from_target or "", each.to_target or "") for each in some}
        results = await self._writer.associate(from_type, to_type, pairs.values())
        for link, pair in pairs.items():
            _sort(link, pair.to_id, results[pair], into)

    async def _name_product(
        self,
        _from_type: str,
        _to_type: str,
        some: Sequence[OpenLink],
        into: tuple[list[tuple[Link, str]], list[Link], list[Link]],
    ) -> None:
        rows = {
            f"{each.link.from_kind}/{each.link.from_id}": (each, _product_row(each))
            for each in some
        }
        results = await self._writer.update(plans.LINE_ITEMS, [row for _, row in rows.values()])
        for trace, (each, _) in rows.items():
            _sort(each.link, each.to_target or "", results[trace], into)

    async def _remove(self, some: Sequence[OpenLink]) -> None:
        """Take associations away, but none that another wanted link means as well."""
        if not some:
            return
        async with self._ledger.transaction() as tx:
            wanted = await links.wanted_pairs(tx, map(_source, some))
        stale = [
            each
            for each in some
            if each.linked_to
            and each.from_target
            and each.link.from_kind not in _BY_PROPERTY
            and (_source(each), each.linked_to) not in wanted
        ]
        for (from_kind, to_kind), group in _grouped(stale).items():
            pairs = [Pair(each.from_target or "", each.linked_to or "") for each in group]
            await self._writer.dissociate(_TYPES[from_kind], _TYPES[to_kind], pairs)


def _sort(
    link: Link,
    target_id: str,
    result: object,
    into: tuple[list[tuple[Link, str]], list[Link], list[Link]],
) -> None:
    made, refused, failed = into
    if isinstance(result, Written):
        made.append((link, target_id))
    elif hasattr(result, "cause"):
        failed.append(link)
    else:
        refused.append(link)


def _doubted(refused: Iterable[Link]) -> list[Wait]:
    """Ends of refused links: one may have been archived by people, which writing it shows."""
    ends = {
        end
        for link in refused
        for end in (
            SourceKey(link.shop, link.from_kind, link.from_id),
            SourceKey(link.shop, link.to_kind, link.to_id),
        )
        if end.kind in _ALONE
    }
    return [Wait(key=end, reason="link_refused", suspect_for_ms=1) for end in sorted(ends, key=str)]


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
