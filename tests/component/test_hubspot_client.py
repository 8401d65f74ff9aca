"""The HubSpot client against the simulator: what it writes and reads, and each answer's meaning."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.shared.contract.errors import OursToFixError, OutcomeUnknownError, WorldAtFaultError
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.rows import InlineAssociation, Row, Written
from tests.support.hubspot_portal import Portal, created, played


def test_rows_are_created_read_updated_listed_and_archived() -> None:
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

    played(scene)


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


def test_a_read_by_email_finds_by_the_value_asked() -> None:
    async def scene(portal: Portal) -> None:
        await portal.hubspot.batch_create("contacts", [created(1)])

        reading = await portal.hubspot.batch_read(
            "contacts", ["person1@example.com", "nobody@example.com"], ["lastname"], "email"
        )

        assert [*reading.found] == ["person1@example.com"]

    played(scene)


def test_a_wrong_token_is_ours_to_fix() -> None:
    async def scene(portal: Portal) -> None:
        with pytest.raises(OursToFixError, match="token_refused"):
            await portal.client("pat-wrong").page("contacts")

    played(scene)


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
def test_each_fault_is_met_as_its_kind_of_error(kind: str, error: type[Exception]) -> None:
    async def scene(portal: Portal) -> None:
        portal.strike(kind)

        with pytest.raises(error) as caught:
            await portal.hubspot.batch_create("contacts", [created(1)])

        is_unknown = isinstance(caught.value, OutcomeUnknownError)
        assert is_unknown == (error is OutcomeUnknownError)

    played(scene)


def test_a_line_item_is_created_with_its_order() -> None:
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
        linked = await portal.hubspot.associations("orders", "line_items", [order.id])
        assert linked == {order.id: {written.id}}

    played(scene)
