"""PostgreSQL's own troubles: many processes at once, outages, a proxy between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from services.shared.contract.errors import (
    LedgerConflictError,
    OursToFixError,
    OwnershipLostError,
    WorldAtFaultError,
)
from services.shared.contract.keys import SourceKey
from services.shared.ledger import claims, settlements, sources, waits
from services.shared.ledger.engine import Ledger, Transaction, opened, statement
from services.shared.ledger.options import Options
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import Status
from services.shared.ledger.waits import Wait
from tests.support.postgres import in_database, running

SHOP = "acme.myshopify.com"
_ONE = statement("SELECT 1 AS n")
_TOUCH = statement("UPDATE settings SET value = :value WHERE name = :name")
_ADD = statement("INSERT INTO settings (name, value, changed_at) VALUES (:name, '', {now})")


def order(number: int) -> SourceKey:
    return SourceKey(SHOP, "orders", str(number))


@asynccontextmanager
async def processes(url: str, count: int) -> AsyncIterator[Sequence[Ledger]]:
    """Ledgers as so many processes have them, each with connections of its own."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(opened(url)) for _ in range(count)]


async def test_overlapping_batches_of_many_processes_never_share_a_key_nor_block_each_other(
    postgresql_url: str,
) -> None:
    holders: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def work(ledger: Ledger, me: int) -> None:
        for batch in range(30):
            # All overlap, each in an order of its own.
            keys = [f"k{(me * 7 + batch * 13 + each * 31) % 60}" for each in range(20)]
            owner = f"{me}:{batch}"
            async with ledger.transaction() as tx:
                got = await claims.claim(tx, keys, owner=owner, lasts_ms=60_000)
            holders.update(got.keys)
            most.update({key: 1 for key in got.keys if holders[key] > 1})
            holders.subtract(got.keys)
            async with ledger.transaction() as tx:
                await claims.release(tx, owner=owner, keys=got.keys)

    async with processes(postgresql_url, 4) as ledgers:
        await asyncio.gather(*(work(ledger, me) for me, ledger in enumerate(ledgers)))

    assert not most


async def test_two_that_claim_the_same_at_the_same_moment_get_it_once(postgresql_url: str) -> None:
    keys = [f"k{each}" for each in range(50)]

    async def claimed(ledger: Ledger, owner: str, order: Sequence[str]) -> frozenset[str]:
        async with ledger.transaction() as tx:
            return (await claims.claim(tx, order, owner=owner, lasts_ms=60_000)).keys

    async with processes(postgresql_url, 2) as (one, two):
        for attempt in range(20):
            first, second = await asyncio.gather(
                claimed(one, f"one:{attempt}", keys), claimed(two, f"two:{attempt}", keys[::-1])
            )
            assert first | second == set(keys)
            assert not first & second
            for ledger, owner, got in ((one, "one", first), (two, "two", second)):
                async with ledger.transaction() as tx:
                    await claims.release(tx, owner=f"{owner}:{attempt}", keys=got)


async def test_settling_and_waiting_on_the_same_sources_crosswise_ends_well(
    postgresql_url: str,
) -> None:
    async def settle(tx: Transaction, order_: Sequence[int]) -> None:
        settled = [Settlement(key=order(each), status=Status.IN_SYNC) for each in order_]
        await settlements.settle(tx, settled)

    async def wait(tx: Transaction, order_: Sequence[int]) -> None:
        await waits.wait(tx, [Wait(key=order(each), reason="busy") for each in order_])

    async with processes(postgresql_url, 4) as ledgers:
        for _ in range(10):
            async with asyncio.TaskGroup() as group:
                for at, ledger in enumerate(ledgers):
                    order_ = range(60) if at % 2 else range(59, -1, -1)
                    act = settle if at < 2 else wait
                    group.create_task(_in_transaction(ledger, act, order_))


async def test_what_is_due_is_drawn_by_one_process(postgresql_url: str) -> None:
    async def drawn(ledger: Ledger) -> list[SourceKey]:
        async with ledger.transaction() as tx:
            return [row.key for row in await sources.due(tx, "orders", 40)]

    async with processes(postgresql_url, 3) as ledgers:
        async with ledgers[0].transaction() as tx:
            await waits.wait(tx, [Wait(key=order(each), reason="busy") for each in range(100)])
        found = await asyncio.gather(*map(drawn, ledgers))
        again = await asyncio.gather(*map(drawn, ledgers))

    drawers = Counter(key for some in (*found, *again) for key in some)
    assert len(drawers) == 100
    assert set(drawers.values()) == {1}


async def test_a_deadlock_is_a_conflict_and_the_work_is_done_again(postgresql_url: str) -> None:
    met = asyncio.Barrier(2)
    rounds: Counter[str] = Counter()

    async def crosswise(ledger: Ledger, first: str, second: str) -> None:
        async def work(tx: Transaction) -> None:
            rounds[first] += 1
            await tx.run(_TOUCH, name=first, value=first)
            if rounds[first] == 1:
                await met.wait()
            await tx.run(_TOUCH, name=second, value=first)

        await ledger.done(work)

    async with processes(postgresql_url, 2) as (one, two):
        async with one.transaction() as tx:
            await tx.run(_ADD, name="a")
            await tx.run(_ADD, name="b")
        await asyncio.gather(crosswise(one, "a", "b"), crosswise(two, "b", "a"))

    assert sum(rounds.values()) > 2


async def test_a_conflict_without_a_second_try_says_so(postgresql_url: str) -> None:
    met = asyncio.Barrier(2)

    async def crosswise(ledger: Ledger, first: str, second: str) -> None:
        async with ledger.transaction() as tx:
            await tx.run(_TOUCH, name=first, value="")
            await met.wait()
            await tx.run(_TOUCH, name=second, value="")

    async with processes(postgresql_url, 2) as (one, two):
        async with one.transaction() as tx:
            await tx.run(_ADD, name="a")
            await tx.run(_ADD, name="b")
        ends = await asyncio.gather(
            crosswise(one, "a", "b"), crosswise(two, "b", "a"), return_exceptions=True
        )

    assert [type(each) for each in ends if each] == [LedgerConflictError]


async def test_a_lock_somebody_keeps_is_an_outage_not_a_standstill(postgresql_url: str) -> None:
    async with (
        opened(postgresql_url) as keeper,
        opened(postgresql_url, options=Options(lock_seconds=0.1)) as other,
        keeper.transaction() as kept,
    ):
        await kept.run(_ADD, name="a")
        with pytest.raises(WorldAtFaultError) as seen:
            async with other.transaction() as tx:
                await tx.run(_ADD, name="a")

    assert seen.value.reason == "ledger_unavailable"


async def test_more_tasks_than_connections_take_turns(postgresql_url: str) -> None:
    async with opened(postgresql_url, options=Options(connections=2)) as ledger:
        await asyncio.gather(*(ledger.now() for _ in range(50)))
        async with ledger.transaction() as tx:
            found = await tx.run(
                statement("SELECT count(*) AS n FROM pg_stat_activity WHERE datname = :name"),
                name=postgresql_url.rpartition("/")[2],
            )

    assert found[0].n <= 2


async def test_nothing_stays_on_a_connection_that_a_pooling_proxy_may_give_to_others(
    postgresql_url: str,
) -> None:
    async with opened(postgresql_url, options=Options(connections=1)) as ledger:
        async with ledger.transaction() as tx:
            await claims.claim(tx, ["a"], owner="one:1", lasts_ms=1_000)
        with pytest.raises(OwnershipLostError):
            async with ledger.transaction() as tx:
                await claims.release(tx, owner="two:1", keys=["a"])
        pool = ledger._database._pool  # type: ignore[attr-defined]  # PostgreSQL's own
        async with pool.acquire() as connection:
            raw = await connection.fetchrow(
                """SELECT (SELECT count(*) FROM pg_prepared_statements) AS prepared,
                  (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') AS locks,
                  current_setting('statement_timeout') AS statement_timeout,
                  current_setting('lock_timeout') AS lock_timeout"""
            )

    assert tuple(raw) == (0, 0, "0", "0")


async def test_a_database_that_refuses_us_is_ours_to_fix(postgresql_url: str) -> None:
    async with opened(postgresql_url + "_unknown") as ledger:
        with pytest.raises(OursToFixError) as seen:
            await ledger.now()

    assert seen.value.reason == "ledger_refuses"


async def test_a_killed_server_is_an_outage_and_once_it_is_back_nothing_need_be_done() -> None:
    with running() as server:
        url = server.database("postgres")
        async with opened(url) as ledger:
            await asyncio.gather(*(ledger.now() for _ in range(5)))

            async def cut_short(tx: Transaction) -> None:
                await tx.run(_ONE)
                server.kill()
                await tx.run(_ONE)

            with pytest.raises(WorldAtFaultError):
                await ledger.done(cut_short)
            for _ in range(6):
                with pytest.raises(WorldAtFaultError):
                    await ledger.now()

            server.start()

            await asyncio.gather(*(ledger.now() for _ in range(5)))


async def test_a_server_that_takes_connections_and_answers_nothing_is_an_outage() -> None:
    quick = Options(connect_seconds=0.5, statement_seconds=0.5)
    with running() as server:
        async with opened(server.database("postgres"), options=quick) as ledger:
            await ledger.now()
            backend = await _backend_of(ledger)
            server.freeze(backend)
            with pytest.raises(WorldAtFaultError):
                await ledger.now()
            server.thaw(backend)

            assert await ledger.now()


async def test_a_wrong_statement_is_a_bug_and_no_outage(postgresql_url: str) -> None:
    async with opened(postgresql_url) as ledger:
        with pytest.raises(asyncpg.UndefinedColumnError):
            async with ledger.transaction() as tx:
                await tx.run(statement("SELECT nothing"))
        assert await ledger.now()


async def test_the_address_may_name_the_driver_or_not(postgresql_url: str) -> None:
    address, _, name = postgresql_url.rpartition("/")
    for driver in ("", "+asyncpg"):
        async with opened(in_database(address, name, driver)) as ledger:
            assert await ledger.now()


async def _backend_of(ledger: Ledger) -> int:
    async with ledger.transaction() as tx:
        return int((await tx.run(statement("SELECT pg_backend_pid() AS pid")))[0].pid)


async def _in_transaction(ledger: Ledger, act: object, order_: Sequence[int]) -> None:
    assert callable(act)
    async with ledger.transaction() as tx:
        await act(tx, order_)
