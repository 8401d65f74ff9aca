"""HubSpot's typed SDK, unpatched, beyond records: associations, merges, the account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from hubspot_sdk import HubSpot, InternalServerError, NotFoundError

from sandbox.hubspot.account import Account
from tests.support.hubspot_account import served

ORDER_TO_CONTACT = 507


@pytest.fixture
def account() -> Account:
    return Account(seed=3)


@pytest.fixture
def sdk(account: Account) -> Iterator[HubSpot]:
    with (
        served(account) as address,
        HubSpot(access_token=account.token, base_url=address, max_retries=0) as sdk,
    ):
        yield sdk


def made(sdk: HubSpot, kind: str, **properties: str) -> str:
    objects: Any = getattr(sdk.crm.objects, kind)
    return cast("str", objects.create(properties=properties, associations=[]).id)


def spec(type_id: int, category: str = "HUBSPOT_DEFINED") -> Any:
    return {"associationCategory": category, "associationTypeId": type_id}


def linked(sdk: HubSpot, order: str) -> dict[str, list[int]]:
    page = sdk.crm.associations.list("contacts", object_type="orders", object_id=order)
    return {
        each.to_object_id: [one.type_id for one in each.association_types] for each in page.results
    }


def test_two_records_are_associated_labelled_and_parted(sdk: HubSpot) -> None:
    order, contact = made(sdk, "orders", hs_order_name="#1"), made(sdk, "contacts", firstname="Zoë")
    ends: Any = {"object_type": "orders", "object_id": order, "to_object_type": "contacts"}
    labels = sdk.crm.associations_schema.labels
    label = labels.create_label(
        "contacts", from_object_type="orders", label="Buyer", name="buyer"
    ).results[0]

    sdk.crm.associations.create(
        contact, from_object_type="orders", from_object_id=order, to_object_type="contacts"
    )
    plain = linked(sdk, order)
    sdk.crm.associations.update_labels(contact, **ends, body=[spec(label.type_id, "USER_DEFINED")])
    labelled = linked(sdk, order)
    sdk.crm.associations.delete(contact, **ends)

    assert plain == {contact: [ORDER_TO_CONTACT]}
    assert labelled == {contact: [ORDER_TO_CONTACT, label.type_id]}
    assert linked(sdk, order) == {}


def test_records_are_associated_read_and_parted_in_batches(sdk: HubSpot) -> None:
    order = made(sdk, "orders", hs_order_name="#1")
    ana, bob = made(sdk, "contacts", firstname="Ana"), made(sdk, "contacts", firstname="Bob")
    between: Any = {"from_object_type": "orders"}
    pairs: list[Any] = [{"from": {"id": order}, "to": {"id": each}} for each in (ana, bob)]
    batch = sdk.crm.associations.batch

    batch.create_default("contacts", **between, inputs=pairs)
    typed: list[Any] = [{**each, "types": [spec(ORDER_TO_CONTACT)]} for each in pairs]
    batch.create("contacts", **between, inputs=typed)
    read = batch.get("contacts", **between, inputs=[{"id": order}])
    batch.delete("contacts", **between, inputs=[{"from": {"id": order}, "to": [{"id": ana}]}])
    batch.delete_labels("contacts", **between, inputs=typed[1:])

    assert [each.to_object_id for each in read.results[0].to] == [ana, bob]
    assert linked(sdk, order) == {}


def test_a_contact_is_merged_and_forgotten(sdk: HubSpot) -> None:
    ana = made(sdk, "contacts", email="ana@shop.example")
    other = made(sdk, "contacts", email="ana@old.example")

    merged = sdk.crm.objects.contacts.merge(object_id_to_merge=other, primary_object_id=ana)
    assert sdk.crm.objects.contacts.get(other).id == merged.id == ana

    sdk.crm.objects.contacts.gdpr_delete(object_id="ana@shop.example", id_property="email")
    with pytest.raises(NotFoundError):
        sdk.crm.objects.contacts.get(ana)


def test_the_account_tells_its_currencies_limits_and_usage(sdk: HubSpot, account: Account) -> None:
    details = sdk.account.get()
    (usage,) = sdk.account.get_daily_private_apps_usage().results
    limits = sdk.crm.limits.get_custom_property_limits()
    rates = sdk.settings.currencies.exchange_rates.list_current_exchange_rates().results

    assert details.portal_id == account.settings.portal_id
    assert {each.from_currency_code for each in rates} == set(details.additional_currencies or ())
    assert sdk.settings.currencies.get_company_currency().id == details.company_currency
    assert usage.usage_limit == account.quota.daily
    assert {each.object_type_id for each in limits.by_object_type} >= {"0-1", "0-123"}


def test_what_is_not_served_is_an_error_in_the_sdk_too(sdk: HubSpot) -> None:
    with pytest.raises(InternalServerError) as refused:
        sdk.crm.limits.get_pipeline_limits()

    assert refused.value.status_code == 501
