"""How many statements a batch costs, whatever is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from services.shared.contract.errors import OwnershipLostError
from services.shared.contract.keys import SourceKey
from services.shared.contract.records import Record, State
from services.shared.contract.versions import Version
from services.shared.ledger import claims, sources
from services.shared.ledger.engine import Ledger, Transaction, opened
from services.shared.ledger.identities import Identity
from services.shared.ledger.links import Link
from services.shared.ledger.options import Options
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import Status
from services.shared.ledger.targets import TargetRow
from services.shared.ledger.waits import Wait
from services.syncer import memory
from services.syncer.jobs import Job
from services.syncer.knowing import claim_and_know
from services.syncer.memory import Memory

SHOP = "acme.myshopify.com"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Without BEGIN and COMMIT. SQLite runs the same pieces one by one: to it a statement is a call.
CLAIMED_AND_KNOWN = {"postgresql": 2, "sqlite": 5}
SETTLED = {"postgresql": 1, "sqlite": 10}


def order(number: int) -> SourceKey:
    return SourceKey(SHOP, "orders", str(number))


def job(number: int) -> Job:
    record = Record(kind="orders", id=str(number), fields={}, parts={})
    version = Version(updated_at=NOON)
    return Job(source=order(number), state=State(record=record, version=version))


def batch(size: int) -> Memory:
    """What a batch of orders leaves, with something of everything that is usual."""
    learned = Memory()
    for each in range(size):
        key = order(each)
        learned.settlements.append(
            Settlement(key=key, status=Status.IN_SYNC, target_id=str(each), body=None)
        )
        learned.touched.append(key)
        learned.targets.append(TargetRow(object_type="orders", id=str(each), fingerprint=b"f"))
        learned.identities.append(Identity(kind="order_of_checkout", value=str(each), source=key))
        learned.link_owners.append(key)
        learned.links.append(
            Link(shop=SHOP, from_kind="orders", from_id=key.id, to_kind="customers", to_id=key.id)
        )
        learned.refers_to[SourceKey(SHOP, "customers", key.id)] = 1_000
    learned.forgotten.append(("line_items", "gone"))
    learned.waits.append(Wait(key=order(size), reason="busy"))
    return learned


@asynccontextmanager
async def counting(ledger: Ledger) -> AsyncIterator[list[str]]:
    """What the database is told meanwhile, but for what frames a transaction."""
    told: list[str] = []
    database = ledger._database
    inner = type(database).transaction

    @asynccontextmanager
    async def counted() -> AsyncIterator[Transaction]:
        async with inner(database) as tx:
            inside: Any = tx
            inside._connection = _Counted(inside._connection, told)
            yield tx

    database.transaction = counted  # type: ignore[method-assign]  # taken off again below
    yield told
    del database.transaction


class _Counted:
    def __init__(self, inner: object, told: list[str]) -> None:
        self._inner = inner
        self._told = told

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        async def call(sql: str, *values: object) -> object:
            self._told.append(sql)
            return await getattr(self._inner, name)(sql, *values)

        return call


@pytest.fixture
async def engine(ledger: Ledger) -> str:
    return ledger.engine.dialect.name


@pytest.mark.parametrize("size", [1, 100])
async def test_a_batch_is_claimed_and_known_in_as_many_statements_whatever_its_size(
    ledger: Ledger, engine: str, size: int
) -> None:
    await memory_of(ledger, size)
    async with counting(ledger) as told:
        known = await claim_and_know(ledger, "one:1", "orders", [job(n) for n in range(size)])

    assert len(known.rows) == len(known.targets) == size
    assert len(told) == CLAIMED_AND_KNOWN[engine] + (1 if known.targets else 0)


@pytest.mark.parametrize("size", [1, 100])
async def test_a_batch_is_settled_in_as_many_statements_whatever_its_size(
    ledger: Ledger, engine: str, size: int
) -> None:
    keys = [str(order(each)) for each in range(size)]
    async with ledger.transaction() as tx:
        await claims.claim(tx, keys, owner="one:1", lasts_ms=60_000)
    async with counting(ledger) as told:
        await memory.record(ledger, batch(size), owner="one:1", keys=keys)

    assert len(told) == SETTLED[engine]
    async with ledger.transaction() as tx:
        rows = await sources.look(tx, [order(each) for each in range(size + 1)])
    assert len(rows) == size + 1


async def test_bodies_are_kept_in_one_statement_more(ledger: Ledger) -> None:
    learned = Memory()
    for each in range(50):
        learned.settlements.append(
            Settlement(key=order(each), status=Status.EXCLUDED, body=b"body %d" % each)
        )
    async with counting(ledger) as told:
        await memory.record(ledger, learned, owner="one:1", keys=())

    assert len(told) <= 3
    async with ledger.transaction() as tx:
        rows = await sources.look(tx, [order(each) for each in range(50)])
    assert {row.body for row in rows.values()} == {b"body %d" % each for each in range(50)}


async def test_of_a_batch_whose_claim_is_lost_nothing_is_written(ledger: Ledger) -> None:
    with pytest.raises(OwnershipLostError):
        await memory.record(ledger, batch(3), owner="one:1", keys=[str(order(1))])

    async with ledger.transaction() as tx:
        assert not await sources.look(tx, [order(each) for each in range(4)])


async def test_statements_may_be_kept_prepared(postgresql_url: str) -> None:
    options = Options(connections=1, keeps_statements=True)
    async with opened(postgresql_url, options=options) as ledger:
        for _ in range(3):
            await memory.record(ledger, batch(5), owner="one:1", keys=())
            known = await claim_and_know(ledger, "one:1", "orders", [job(1)], lasts_ms=1)
    assert known.rows


async def memory_of(ledger: Ledger, size: int) -> None:
    await memory.record(ledger, batch(size), owner="nobody", keys=())
