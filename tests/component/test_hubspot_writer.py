"""Rows on their way to the simulated HubSpot: taken apart, repeated, governed."""

from __future__ import annotations

import asyncio

import pytest

from services.shared.contract.errors import OursToFixError
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.governor import Governor
from services.shared.hubspot.pacing import Lane
from services.shared.hubspot.rows import Refused, Row, Unknown, Written
from services.syncer.writing import Writer
from tests.support.hubspot_portal import Portal, created, played
from tests.support.memory_quota import MemoryQuota

UPSERT = "/crm/objects/2026-09/*/batch/upsert"


def contact(number: int, email: str = "", **properties: str) -> Row:
    address = email or f"person{number}@example.com"
    return Row(
        trace=f"t{number}",
        id=address,
        id_property="email",
        properties={"email": address, "firstname": "P", "lastname": "Q", **properties},
    )


def test_one_bad_row_is_refused_and_its_neighbours_are_written() -> None:
    async def scene(portal: Portal) -> None:
        portal.account.switches.rows_fail_batches = True
        rows = [contact(n, "nonsense" if n == 37 else "") for n in range(250)]

        results = dict(await portal.writer.upsert("contacts", rows))

        refused = results.pop("t37")
        assert isinstance(refused, Refused)
        assert (refused.code, refused.field) == ("INVALID_EMAIL", "email")
        assert all(isinstance(each, Written) for each in results.values())
        assert len(portal.emails()) == 249
        assert portal.slots == portal.calls <= 20

    played(scene)


def test_a_taken_address_is_refused_alone_and_names_who_has_it() -> None:
    async def scene(portal: Portal) -> None:
        before = await portal.hubspot.batch_create("contacts", [created(5)])
        holder = before["t5"]
        assert isinstance(holder, Written)

        results = dict(await portal.writer.create("contacts", [created(n) for n in range(100)]))

        refused = results.pop("t5")
        assert isinstance(refused, Refused)
        assert refused.existing_id == holder.id
        assert all(isinstance(each, Written) for each in results.values())
        assert len(portal.emails()) == 100

    played(scene)


def test_a_property_the_account_lacks_costs_two_calls_and_not_two_hundred() -> None:
    async def scene(portal: Portal) -> None:
        portal.account.switches.rows_fail_batches = True
        rows = [contact(n, **({"no_such": "1"} if n % 2 else {})) for n in range(100)]

        results = await portal.writer.upsert("contacts", rows)

        assert sum(isinstance(each, Refused) for each in results.values()) == 50
        assert portal.calls <= 3

    played(scene)


def test_two_rows_of_one_contact_go_into_two_calls_the_later_last() -> None:
    async def scene(portal: Portal) -> None:
        first = contact(1, "a@b.example")
        second = Row(
            trace="t2",
            id="a@b.example",
            id_property="email",
            properties={**first.properties, "firstname": "Later"},
        )

        results = await portal.writer.upsert("contacts", [first, second])

        one, two = results["t1"], results["t2"]
        assert isinstance(one, Written)
        assert isinstance(two, Written)
        assert (one.id, one.is_new, two.is_new) == (two.id, True, False)
        (record,) = portal.account.records["contacts"].by_id.values()
        assert record.properties["firstname"] == "Later"

    played(scene)


@pytest.mark.parametrize("kind", ["reset", "status", "locked", "burst", "truncated", "errors"])
def test_an_upsert_gets_through_a_passing_fault_and_doubles_nothing(kind: str) -> None:
    async def scene(portal: Portal) -> None:
        portal.strike(kind, path=UPSERT)
        rows = [contact(n) for n in range(20)]

        results = await portal.writer.upsert("contacts", rows)

        written = [each for each in results.values() if isinstance(each, Written)]
        assert len(written) >= 19
        assert len(portal.emails()) == len(portal.account.records["contacts"].by_id)

    played(scene)


def test_a_locked_account_is_left_alone_for_two_seconds() -> None:
    async def scene(portal: Portal) -> None:
        portal.strike("locked")

        await portal.writer.upsert("contacts", [contact(1)])

        assert asyncio.get_running_loop().time() >= 2.0

    played(scene)


def test_a_create_whose_answer_is_lost_is_unknown_and_not_repeated() -> None:
    async def scene(portal: Portal) -> None:
        portal.strike("reset")

        results = await portal.writer.create("contacts", [created(n) for n in range(3)])

        for result in results.values():
            assert isinstance(result, Unknown)
            assert result.may_be_applied
        assert portal.calls == 1
        assert len(portal.emails()) == 3

    played(scene)


def test_a_create_that_surely_was_not_applied_is_repeated() -> None:
    async def scene(portal: Portal) -> None:
        portal.strike("burst")

        results = await portal.writer.create("contacts", [created(1)])

        assert isinstance(results["t1"], Written)

    played(scene)


def test_a_revoked_token_leaves_every_row_open_with_its_cause() -> None:
    async def scene(portal: Portal) -> None:
        portal.account.tokens.revoke(portal.account.token)

        results = await portal.writer.upsert("contacts", [contact(n) for n in range(150)])

        for result in results.values():
            assert isinstance(result, Unknown)
            assert isinstance(result.cause, OursToFixError)
            assert not result.may_be_applied
        assert portal.calls == 2

    played(scene)


def test_archiving_and_reading_take_any_number() -> None:
    async def scene(portal: Portal) -> None:
        made = await portal.writer.create("contacts", [created(n) for n in range(230)])
        ids = [each.id for each in made.values() if isinstance(each, Written)]

        reading = await portal.writer.read("contacts", ids, ["email"])
        archived = await portal.writer.archive("contacts", ids)

        assert {*reading.found} == {*ids}
        assert all(isinstance(each, Written) for each in archived.values())
        assert not (await portal.hubspot.page("contacts")).records

    played(scene)


def test_a_governed_backlog_uses_the_limit_and_never_meets_a_429() -> None:
    async def scene(portal: Portal) -> None:
        account = portal.account
        account.quota.lifted = False
        governor = Governor(MemoryQuota())
        hubspot = HubSpot(
            portal.http,
            lambda: account.token,
            observe=governor.observe,
            base_url="http://hubspot.test",
        )
        clock = asyncio.get_running_loop().time

        async def draw() -> None:
            await governor.acquire(Lane.LIVE)

        writer = Writer(hubspot, draw, side_by_side=8)
        await writer.upsert("contacts", [contact(n) for n in range(400)])
        started, before = clock(), portal.calls

        async def reader() -> None:
            while clock() < started + 40:
                await draw()
                await hubspot.page("contacts", limit=1)

        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(reader())

        assert not [status for (_, _, status) in account.calls if status == 429]
        assert (portal.calls - before) / (clock() - started) >= 0.95 * 19

    played(scene)


def test_a_whole_batch_of_unknown_ids_is_refused_row_by_row() -> None:
    async def scene(portal: Portal) -> None:
        rows = [Row(trace=f"t{n}", id=f"99{n}", properties={"lastname": "x"}) for n in range(4)]

        results = await portal.writer.update("contacts", rows)

        assert all(isinstance(each, Refused) for each in results.values())
        assert {each.category for each in results.values() if isinstance(each, Refused)} == {
            "OBJECT_NOT_FOUND"
        }

    played(scene)
