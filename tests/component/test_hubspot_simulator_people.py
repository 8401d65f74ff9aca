"""What people do in the simulated account, and what its page shows of it."""

from typing import Any

import pytest

from tests.support.hubspot_account import HubSpotUnderTest

NEW = "/crm/objects/2026-09"


async def act(hubspot: HubSpotUnderTest, action: str, **said: Any) -> dict[str, Any]:
    return await hubspot.post(f"/_sandbox/people/{action}", said, 200)


async def test_a_merge_keeps_the_primary_and_both_ids_lead_to_it(
    hubspot: HubSpotUnderTest,
) -> None:
    one = await hubspot.made("contacts", email="a@b.co", firstname="Ana")
    two = await hubspot.made("contacts", email="c@d.co", lastname="Né")
    order = await hubspot.made("orders", hs_tags="x")
    await hubspot.http.put(f"{NEW}/orders/{order}/associations/default/contacts/{two}")

    await act(hubspot, "merge", object_type="contacts", primary=one, other=two)

    read = (await hubspot.http.get(f"{NEW}/contacts/{two}")).json()
    by_email = await hubspot.http.get(f"{NEW}/contacts/c@d.co", params={"idProperty": "email"})
    linked = await hubspot.http.get(f"/crm/v4/objects/orders/{order}/associations/contacts")
    assert (read["id"], by_email.json()["id"]) == (one, one)
    names = await hubspot.properties("contacts", one, "lastname", "hs_additional_emails")
    assert names == {"lastname": "Né", "hs_additional_emails": "c@d.co"}
    assert [each["toObjectId"] for each in linked.json()["results"]] == [one]
    refused = await hubspot.post(f"{NEW}/contacts", {"properties": {"email": "c@d.co"}}, 409)
    assert refused["message"].endswith(one)


@pytest.mark.parametrize("makes_new_id", [False, True])
async def test_merges_of_merged_contacts_keep_every_email(
    hubspot: HubSpotUnderTest, *, makes_new_id: bool
) -> None:
    await hubspot.put({"switches": {"merge_makes_new_id": makes_new_id}})
    emails = ["a@b.co", "c@d.co", "e@f.co"]
    one, two, three = [await hubspot.made("contacts", email=each) for each in emails]

    await act(hubspot, "merge", object_type="contacts", primary=two, other=three)
    await act(hubspot, "merge", object_type="contacts", primary=one, other=two)

    found = {
        (await hubspot.http.get(f"{NEW}/contacts/{each}", params={"idProperty": "email"})).json()[
            "id"
        ]
        for each in emails
    }
    (kept,) = found
    names = await hubspot.properties("contacts", kept, "email", "hs_additional_emails")
    assert names == {"email": "a@b.co", "hs_additional_emails": "c@d.co;e@f.co"}


async def test_a_merge_may_end_in_a_third_id(hubspot: HubSpotUnderTest) -> None:
    await hubspot.put({"switches": {"merge_makes_new_id": True}})
    one, two = [await hubspot.made("orders", hs_tags=each) for each in "ab"]
    body = {"primaryObjectId": one, "objectIdToMerge": two}
    merged = (await hubspot.post(f"{NEW}/orders/merge", body, 200))["id"]
    found = {(await hubspot.http.get(f"{NEW}/orders/{each}")).json()["id"] for each in (one, two)}
    assert found == {merged}
    assert merged not in {one, two}


async def test_a_record_is_not_merged_with_itself_or_with_nobody(
    hubspot: HubSpotUnderTest,
) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    body = {"primaryObjectId": order, "objectIdToMerge": order}
    await hubspot.post(f"{NEW}/orders/merge", body, 400)
    await hubspot.post(f"{NEW}/orders/merge", {**body, "objectIdToMerge": "1"}, 404)


async def test_forgetting_a_person_is_for_good_and_blocks_unknown_emails(
    hubspot: HubSpotUnderTest,
) -> None:
    contact = await hubspot.made("contacts", email="a@b.co")
    path = f"{NEW}/contacts/gdpr-delete"
    for email in ("a@b.co", "x@y.co"):
        await hubspot.post(path, {"objectId": email, "idProperty": "email"}, 204)
    gone = await hubspot.http.get(f"{NEW}/contacts/{contact}", params={"archived": "true"})
    assert gone.status_code == 404
    assert hubspot.account.blocklist == {"x@y.co"}


async def test_people_archive_restore_edit_and_add_lines(hubspot: HubSpotUnderTest) -> None:
    order = await hubspot.made("orders", hs_tags="x")
    who = {"object_type": "orders", "record_id": order}
    await act(hubspot, "archive", **who)
    assert (await hubspot.http.get(f"{NEW}/orders/{order}")).status_code == 404
    await act(hubspot, "restore", **who)
    await act(hubspot, "edit", **who, properties={"hs_tags": "vip"})
    line = await act(hubspot, "add-line-item", order=order, properties={"name": "Gift"})

    dump = (await hubspot.http.get("/_sandbox/records")).json()

    assert dump["orders"][0]["properties"]["hs_tags"] == "vip"
    assert dump["line_items"][0]["made_by"] == "person"
    assert {
        "from_type": "orders",
        "from_id": order,
        "to_type": "line_items",
        "to_id": line["id"],
        "type_id": 513,
    } in dump["associations"]


async def test_records_of_the_native_sync_say_so(hubspot: HubSpotUnderTest) -> None:
    properties = {"hs_external_order_id": "1", "hs_source_store": "a.myshopify.com"}
    await act(hubspot, "native", object_type="orders", properties=properties)
    dump = (await hubspot.http.get("/_sandbox/records")).json()
    assert dump["orders"][0]["made_by"] == "native"


@pytest.mark.parametrize(
    ("action", "said", "status"),
    [
        ("fly", {}, 404),
        ("archive", {"object_type": "orders", "record_id": "1"}, 404),
        ("archive", {"object_type": "deals", "record_id": "1"}, 404),
        ("archive", {}, 400),
        ("create", {"object_type": "orders", "properties": {"nope": "x"}}, 400),
    ],
)
async def test_what_people_cannot_do_is_said(
    hubspot: HubSpotUnderTest, action: str, said: dict[str, Any], status: int
) -> None:
    await hubspot.post(f"/_sandbox/people/{action}", said, status)


async def test_the_page_shows_what_changed_last(hubspot: HubSpotUnderTest) -> None:
    first = await hubspot.made("orders", hs_order_name="#1")
    await hubspot.clock.sleep(1)
    second = await hubspot.made("orders", hs_order_name="#2")
    await act(hubspot, "add-line-item", order=second, properties={"name": "Tea"})
    page = await hubspot.http.get("/", follow_redirects=True)
    latest = (await hubspot.http.get("/_sandbox/latest")).json()
    assert "<title>HubSpot simulator</title>" in page.text
    assert [each["id"] for each in latest["records"]["orders"]] == [second, first]
    lines = latest["records"]["orders"][0]["associations"]["line_items"]
    assert [each["properties"]["name"] for each in lines] == ["Tea"]
