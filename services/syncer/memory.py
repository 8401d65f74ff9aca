"""What one batch adds to the ledger, written down in one transaction.

That transaction also gives the batch's claims back: either HubSpot's state and our memory of it
move together, or the claim stays and its taker is suspicious.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

from services.shared.contract.keys import SourceKey
from services.shared.ledger import (
    claims,
    identities,
    links,
    settlements,
    skus,
    targets,
    waits,
)
from services.shared.ledger.engine import Ledger, Transaction
from services.shared.ledger.identities import Identity
from services.shared.ledger.links import Link
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import Status
from services.shared.ledger.stores import ACCOUNT
from services.shared.ledger.targets import TargetRow
from services.shared.ledger.waits import Wait
from services.syncer import passing_on, plans
from services.syncer.outcomes import Outcome
from services.syncer.plans import Guest


@dataclass(slots=True, kw_only=True)
class Memory:
    """Everything a batch adds to the ledger.

    ``shown`` are the contacts whose row we wrote, with the customer whose values stand in it now;
    ``stood_behind`` are all contacts that customers were found to stand behind, ``moved_customers``
    those whose orders may be somebody else's now. ``moved`` leads from contacts that people merged
    to those they are now, and ``left_merged`` names who no longer stands behind such a one, with
    both ids. ``overwritten`` are sources whose records another one wrote to before it knew.
    """

    settlements: list[Settlement] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    targets: list[TargetRow] = field(default_factory=list)
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    renamed: list[Identity] = field(default_factory=list)
    shown: dict[str, SourceKey] = field(default_factory=dict)
    stood_behind: list[str] = field(default_factory=list)
    moved_customers: list[SourceKey] = field(default_factory=list)
    link_owners: list[SourceKey] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    mentions: list[Link] = field(default_factory=list)
    refers_to: dict[SourceKey, int] = field(default_factory=dict)
    guests: list[Guest] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    left_contacts: list[str] = field(default_factory=list)
    left_merged: list[tuple[SourceKey, str, str]] = field(default_factory=list)
    overwritten: list[SourceKey] = field(default_factory=list)
    touched: list[SourceKey] = field(default_factory=list)
    outcomes: dict[SourceKey, Outcome] = field(default_factory=dict)

    def add(self, more: Memory) -> None:
        """Take in what another part of the batch added."""
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(more, name)
            if isinstance(mine, dict):
                mine.update(theirs)
            else:
                mine.extend(theirs)


async def record(ledger: Ledger, memory: Memory, *, owner: str, keys: Collection[str]) -> None:
    """Write ``memory`` down and give the claims back.

    Raises:
        OwnershipLostError: a claim ran out; nothing was written.
        WorldAtFaultError: the ledger is not there; nothing was written.
    """

    async def work(tx: Transaction) -> None:
        await tx.together(
            partial(claims.release, owner=owner, keys=keys),
            *(partial(piece, memory=memory) for piece in _PIECES),
        )
        await passing_on.pass_on(tx, memory)

    await ledger.done(work)


def _gone_variants(memory: Memory) -> list[SourceKey]:
    return [
        each.key
        for each in memory.settlements
        if each.key.kind == plans.VARIANTS and each.status is Status.DELETED
    ]


async def _sources(tx: Transaction, memory: Memory) -> None:
    await settlements.settle(tx, memory.settlements)


async def _waits(tx: Transaction, memory: Memory) -> None:
    await waits.wait(tx, memory.waits)


async def _targets(tx: Transaction, memory: Memory) -> None:
    await targets.record(tx, ACCOUNT, memory.targets)


async def _forgotten(tx: Transaction, memory: Memory) -> None:
    written = {(each.object_type, each.id) for each in memory.targets}
    await targets.forget(tx, ACCOUNT, [each for each in memory.forgotten if each not in written])


async def _identities(tx: Transaction, memory: Memory) -> None:
    await identities.record(tx, ACCOUNT, memory.identities)


async def _former_emails(tx: Transaction, memory: Memory) -> None:
    await identities.forget_others(tx, ACCOUNT, memory.renamed)


async def _links(tx: Transaction, memory: Memory) -> None:
    await links.want_these(tx, memory.links)


async def _mentions(tx: Transaction, memory: Memory) -> None:
    await links.mention(tx, memory.mentions)


async def _unwanted(tx: Transaction, memory: Memory) -> None:
    await links.want_no_others(tx, memory.link_owners, memory.links)


async def _moved_ends(tx: Transaction, memory: Memory) -> None:
    # What a batch wants links from is of another kind than what it may have moved.
    touched = set(memory.touched)
    ends = {each.key: each.target_id for each in memory.settlements if each.key in touched}
    await links.moved(tx, ends)


async def _referred(tx: Transaction, memory: Memory) -> None:
    await waits.refer(tx, memory.refers_to)


async def _gone_skus(tx: Transaction, memory: Memory) -> None:
    await skus.release(tx, ACCOUNT, _gone_variants(memory))


# None needs what another writes, and no two write the same row.
_PIECES = (
    _sources,
    _waits,
    _targets,
    _forgotten,
    _identities,
    _former_emails,
    _links,
    _mentions,
    _unwanted,
    _moved_ends,
    _referred,
    _gone_skus,
)
