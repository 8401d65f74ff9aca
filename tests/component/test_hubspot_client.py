"""HubSpot's client and the batch writer against the simulator, in process and in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from services.shared.contract.errors import OursToFixError, OutcomeUnknownError, WorldAtFaultError
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.governor import Governor
from services.shared.hubspot.pacing import Lane
from services.shared.hubspot.rows import InlineAssociation, Refused, Row, Unknown, Written
from services.syncer.writing import Writer
from tests.support.hubspot_portal import Portal, Scene, played
from tests.support.memory_quota import MemoryQuota

UPSERT = "/crm/objects/2026-09/*/batch/upsert"


@pytest.fixture
def play() -> Callable[[Scene], None]:
    return played


def contact(number: int, email: str = "", **properties: str) -> Row:
    address = email or f"person{number}@example.com"
    return Row(
        trace=f"t{number}",
        id=address,
        id_property="email",
        properties={"email": address, "firstname": "P", "lastname": "Q", **properties},
    )


def created(number: int, email: str = "") -> Row:
    return Row(trace=f"t{number}", properties={"email": email or f"person{number}@example.com"})


def test_rows_are_created_read_updated_listed_and_archived(play: Callable[[Scene], None]) -> None:
    async def scene(portal: Portal) -> None:
        made = await portal.hubspot.batch_create("contacts", [created(n) for n in range(3)])
        ids = [result.id for result in made.values() if isinstance(result, Written)]
        assert len(ids) == 3

        rows = [Row(trace=each, id=each, properties={"firstname": "Zoë"}) for each in ids]
        assert await portal.hubspot.batch_update("contacts", rows) == {
            each: Written(trace=each, id=each) for each in ids
        }

        reading = await portal.hubspot.batch_read("contacts", [*ids, "1"], ["firstname"])
        assert {record.properties["firstname"] for record in reading.found.values()} == {"Zoë"}
        assert "1" not in reading.found

        first = await portal.hubspot.page("contacts", limit=2, properties=["email"])
        second = await portal.hubspot.page("contacts", limit=2, after=first.after)
        assert [each.id for page in (first, second) for each in page.records] == ids
        assert second.after == ""

        await portal.hubspot.batch_archive("contacts", ids[:1])
        rest = await portal.hubspot.page("contacts")
        assert [each.id for each in rest.records] == ids[1:]

    play(scene)


@pytest.mark.parametrize("answer", [{}, {"results": [], "paging": {"next": {"after": "7"}}}])
def test_a_page_that_is_none_or_leads_back_is_no_end(answer: dict[str, Any]) -> None:
    """A census that took it for the end would double what it did not see."""

    async def scene(portal: Portal) -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
        async with httpx.AsyncClient(transport=transport) as http:
            hubspot = HubSpot(http, lambda: "token", base_url="http://hubspot.test")
            with pytest.raises(OutcomeUnknownError):
                await hubspot.page("orders", after="7")

    played(scene)


def test_a_read_by_email_finds_by_the_value_asked(play: Callable[[Scene], None]) -> None:
    async def scene(portal: Portal) -> None:
        await portal.hubspot.batch_create("contacts", [created(1)])

        reading = await portal.hubspot.batch_read(
            "contacts", ["person1@example.com", "nobody@example.com"], ["lastname"], "email"
        )

        assert [*reading.found] == ["person1@example.com"]

    play(scene)


def test_a_wrong_token_is_ours_to_fix(play: Callable[[Scene], None]) -> None:
    async def scene(portal: Portal) -> None:
        with pytest.raises(OursToFixError, match="token_refused"):
            await portal.client("pat-wrong").page("contacts")

    play(scene)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", OutcomeUnknownError),
        ("empty", OutcomeUnknownError),
        ("html", OutcomeUnknownError),
        ("truncated", OutcomeUnknownError),
        ("status", OutcomeUnknownError),
        ("locked", WorldAtFaultError),
        ("migrating", WorldAtFaultError),
        ("burst", WorldAtFaultError),
        ("daily", WorldAtFaultError),
    ],
)
def test_each_fault_is_met_as_its_kind_of_error(
    play: Callable[[Scene], None], kind: str, error: type[Exception]
) -> None:
    async def scene(portal: Portal) -> None:
        portal.strike(kind)

        with pytest.raises(error) as caught:
            await portal.hubspot.batch_create("contacts", [created(1)])

        is_unknown = isinstance(caught.value, OutcomeUnknownError)
        assert is_unknown == (error is OutcomeUnknownError)

    play(scene)


def test_one_bad_row_is_refused_and_its_neighbours_are_written(
    play: Callable[[Scene], None],
) -> None:
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

    play(scene)


def test_a_taken_address_is_refused_alone_and_names_who_has_it(
    play: Callable[[Scene], None],
) -> None:
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

    play(scene)


def test_a_property_the_account_lacks_costs_two_calls_and_not_two_hundred(
    play: Callable[[Scene], None],
) -> None:
    async def scene(portal: Portal) -> None:
        portal.account.switches.rows_fail_batches = True
        rows = [contact(n, **({"no_such": "1"} if n % 2 else {})) for n in range(100)]

        results = await portal.writer.upsert("contacts", rows)

        assert sum(isinstance(each, Refused) for each in results.values()) == 50
        assert portal.calls <= 3

    play(scene)


def test_two_rows_of_one_contact_go_into_two_calls_the_later_last(
    play: Callable[[Scene], None],
) -> None:
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

    play(scene)


@pytest.mark.parametrize("kind", ["reset", "status", "locked", "burst", "truncated", "errors"])
def test_an_upsert_gets_through_a_passing_fault_and_doubles_nothing(
    play: Callable[[Scene], None], kind: str
) -> None:
    async def scene(portal: Portal) -> None:
        portal.strike(kind, path=UPSERT)
        rows = [contact(n) for n in range(20)]

        results = await portal.writer.upsert("contacts", rows)

        written = [each for each in results.values() if isinstance(each, Written)]
        assert len(written) >= 19
        assert len(portal.emails()) == len(portal.account.records["contacts"].by_id)

    play(scene)


def test_a_locked_account_is_left_alone_for_two_seconds(play: Callable[[Scene], None]) -> None:
    async def scene(portal: Portal) -> None:
        portal.strike("locked")

        await portal.writer.upsert("contacts", [contact(1)])

        assert asyncio.get_running_loop().time() >= 2.0

    play(scene)


def test_a_create_whose_answer_is_lost_is_unknown_and_not_repeated(
    play: Callable[[Scene], None],
) -> None:
    async def scene(portal: Portal) -> None:
        portal.strike("reset")

        results = await portal.writer.create("contacts", [created(n) for n in range(3)])

        for result in results.values():
            assert isinstance(result, Unknown)
            assert result.may_be_applied
        assert portal.calls == 1
        assert len(portal.emails()) == 3

    play(scene)


def test_a_create_that_surely_was_not_applied_is_repeated(play: Callable[[Scene], None]) -> None:
    async def scene(portal: Portal) -> None:
        portal.strike("burst")

        results = await portal.writer.create("contacts", [created(1)])

        assert isinstance(results["t1"], Written)

    play(scene)


def test_a_revoked_token_leaves_every_row_open_with_its_cause(
    play: Callable[[Scene], None],
) -> None:
    async def scene(portal: Portal) -> None:
        portal.account.tokens.revoke(portal.account.token)

        results = await portal.writer.upsert("contacts", [contact(n) for n in range(150)])

        for result in results.values():
            assert isinstance(result, Unknown)
            assert isinstance(result.cause, OursToFixError)
            assert not result.may_be_applied
        assert portal.calls == 2

    play(scene)


def test_a_line_item_is_created_with_its_order(play: Callable[[Scene], None]) -> None:
    async def scene(portal: Portal) -> None:
        made = await portal.writer.create(
            "orders", [Row(trace="o", properties={"hs_order_name": "#1"})]
        )
        order = made["o"]
        assert isinstance(order, Written)
        link = InlineAssociation(to_id=order.id, type_id=514)
        line = Row(trace="l", properties={"name": "x", "quantity": "1"}, associations=[link])

        lines = await portal.writer.create("line_items", [line])

        written = lines["l"]
        assert isinstance(written, Written)
        page = await portal.hubspot.page("orders", associations=["line_items"])
        (linked,) = page.records[0].associations.values()
        assert [*linked] == [written.id]

    play(scene)


def test_archiving_and_reading_take_any_number(play: Callable[[Scene], None]) -> None:
    async def scene(portal: Portal) -> None:
        made = await portal.writer.create("contacts", [created(n) for n in range(230)])
        ids = [each.id for each in made.values() if isinstance(each, Written)]

        reading = await portal.writer.read("contacts", ids, ["email"])
        archived = await portal.writer.archive("contacts", ids)

        assert {*reading.found} == {*ids}
        assert all(isinstance(each, Written) for each in archived.values())
        assert not (await portal.hubspot.page("contacts")).records

    play(scene)


def test_a_governed_backlog_uses_the_limit_and_never_meets_a_429(
    play: Callable[[Scene], None],
) -> None:
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

    play(scene)


def test_a_whole_batch_of_unknown_ids_is_refused_row_by_row(
    play: Callable[[Scene], None],
) -> None:
    async def scene(portal: Portal) -> None:
        rows = [Row(trace=f"t{n}", id=f"99{n}", properties={"lastname": "x"}) for n in range(4)]

        results = await portal.writer.update("contacts", rows)

        assert all(isinstance(each, Refused) for each in results.values())
        assert {each.category for each in results.values() if isinstance(each, Refused)} == {
            "OBJECT_NOT_FOUND"
        }

    play(scene)
