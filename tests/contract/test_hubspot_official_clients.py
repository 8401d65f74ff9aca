"""HubSpot's own clients, unpatched, over a real socket: nobody here wrote them."""

from collections.abc import Iterator
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4 import (
    BatchInputPublicDefaultAssociationMultiPost,
)
from hubspot.crm.objects import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.pipelines import PipelineInput
from hubspot.crm.properties import PropertyCreate, PropertyGroupCreate
from hubspot_sdk import HubSpot as TypedHubSpot

from sandbox.hubspot.account import Account
from tests.support.hubspot_account import served

OBJECTS = ("contacts", "products", "line_items", "orders", "carts")
# Object type -> a text of each that names the record, and one more to change.
TEXTS = {
    "contacts": ("firstname", "lastname"),
    "products": ("name", "description"),
    "line_items": ("name", "description"),
    "orders": ("hs_order_name", "hs_order_note"),
    "carts": ("hs_cart_name", "hs_tags"),
}
ORDER_PIPELINE = "14a2e10e-5471-408a-906e-c51f3b04369e"


@pytest.fixture
def account() -> Account:
    return Account(seed=3)


@pytest.fixture
def address(account: Account) -> Iterator[str]:
    with served(account) as found:
        yield found


@pytest.fixture
def client(address: str, account: Account) -> Any:
    return HubSpot(access_token=account.token, host=address)


@pytest.fixture
def sdk(address: str, account: Account) -> Iterator[TypedHubSpot]:
    with TypedHubSpot(access_token=account.token, base_url=address, max_retries=0) as sdk:
        yield sdk


def unique_key(client: Any, kind: str) -> str:
    """A unique text property, as one creates it in an account."""
    client.crm.properties.core_api.create(
        kind,
        PropertyCreate(
            name="sync_key",
            label="Sync key",
            type="string",
            field_type="text",
            group_name=client.crm.properties.groups_api.get_all(kind).results[0].name,
            has_unique_value=True,
        ),
    )
    return "sync_key"


@pytest.mark.parametrize("kind", OBJECTS)
def test_the_api_client_creates_reads_updates_and_archives_one(client: Any, kind: str) -> None:
    title, more = TEXTS[kind]
    api = client.crm.objects.basic_api

    made = api.create(kind, SimplePublicObjectInputForCreate(properties={title: "First"}))
    api.update(kind, made.id, SimplePublicObjectInput(properties={more: "Second"}))
    read = api.get_by_id(kind, made.id, properties=[title, more])
    listed = api.get_page(kind, limit=1)
    api.archive(kind, made.id)

    assert (read.properties[title], read.properties[more]) == ("First", "Second")
    assert [each.id for each in listed.results] == [made.id]
    assert [each.id for each in api.get_page(kind, archived=True).results] == [made.id]
    assert api.get_page(kind).results == []


def texts_read(api: Any, kind: str, key: str, name: str) -> list[str]:
    """One text of the two records, read by their keys."""
    asked = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": "shop/1"}, {"id": "shop/2"}],
        id_property=key,
        properties=[name],
        properties_with_history=[],
    )
    return [each.properties[name] for each in api.read(kind, asked).results]


@pytest.mark.parametrize("kind", OBJECTS)
def test_the_api_client_works_in_batches(client: Any, kind: str) -> None:
    title, more = TEXTS[kind]
    key = unique_key(client, kind)
    api = client.crm.objects.batch_api

    made = api.create(
        kind,
        BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[{"properties": {title: "A", key: "shop/1"}, "associations": []}]
        ),
    )
    upserted = api.upsert(
        kind,
        BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[
                {"id": "shop/1", "idProperty": key, "properties": {more: "known"}},
                {"id": "shop/2", "idProperty": key, "properties": {title: "B"}},
            ]
        ),
    )
    known, fresh = upserted.results
    api.update(
        kind,
        BatchInputSimplePublicObjectBatchInput(
            inputs=[{"id": fresh.id, "properties": {more: "changed"}}]
        ),
    )
    changed = texts_read(api, kind, key, more)
    api.archive(kind, BatchInputSimplePublicObjectId(inputs=[{"id": known.id}]))

    assert (known.id, known.new, fresh.new) == (made.results[0].id, False, True)
    assert changed == ["known", "changed"]
    assert [each.id for each in client.crm.objects.basic_api.get_page(kind).results] == [fresh.id]


def test_the_api_client_associates_searches_and_reads_pipelines(client: Any) -> None:
    create = client.crm.objects.basic_api.create
    order = create("orders", SimplePublicObjectInputForCreate(properties={"hs_order_name": "#1"}))
    line = create("line_items", SimplePublicObjectInputForCreate(properties={"name": "Tea"}))
    associations = client.crm.associations.v4
    associations.batch_api.create_default(
        "orders",
        "line_items",
        BatchInputPublicDefaultAssociationMultiPost(
            inputs=[{"from": {"id": order.id}, "to": {"id": line.id}}]
        ),
    )
    linked = associations.basic_api.get_page("orders", order.id, "line_items")
    found = client.crm.objects.search_api.do_search(
        "orders",
        PublicObjectSearchRequest(
            filter_groups=[
                {"filters": [{"propertyName": "hs_order_name", "operator": "EQ", "value": "#1"}]}
            ],
            properties=["hs_order_name"],
            limit=10,
            after="0",
            sorts=["hs_order_name"],
        ),
    )
    pipelines = client.crm.pipelines.pipelines_api.get_all("orders").results
    own = client.crm.pipelines.pipelines_api.create(
        "orders",
        PipelineInput(
            label="Second",
            display_order=1,
            stages=[{"label": "New", "displayOrder": 0, "metadata": {"state": "OPEN"}}],
        ),
    )

    assert [each.to_object_id for each in linked.results] == [line.id]
    assert [each.type_id for each in linked.results[0].association_types] == [513]
    assert (found.total, found.results[0].id) == (1, order.id)
    assert [each.id for each in pipelines] == [ORDER_PIPELINE]
    assert [each.label for each in own.stages] == ["New"]


def test_the_api_client_manages_properties_and_groups(client: Any) -> None:
    properties = client.crm.properties
    properties.groups_api.create("orders", PropertyGroupCreate(name="shopify", label="Shopify"))
    properties.core_api.create(
        "orders",
        PropertyCreate(
            name="risk",
            label="Risk",
            type="enumeration",
            field_type="select",
            group_name="shopify",
            options=[{"label": "Low", "value": "low", "displayOrder": 0, "hidden": False}],
        ),
    )
    read = properties.core_api.get_by_name("orders", "risk")
    native = properties.core_api.get_by_name("orders", "hs_is_closed")
    properties.core_api.archive("orders", "risk")

    assert [each.value for each in read.options] == ["low"]
    assert native.modification_metadata.read_only_value
    assert "risk" not in {each.name for each in properties.core_api.get_all("orders").results}


def test_the_sdk_does_the_same_for_orders_and_carts(sdk: TypedHubSpot, client: Any) -> None:
    objects = sdk.crm.objects
    key = unique_key(client, "carts")
    order = objects.orders.create(associations=[], properties={"hs_order_name": "#7"})
    objects.orders.update(order.id, properties={"hs_tags": "vip"})
    cart = objects.carts.batch.upsert(
        inputs=[{"id": "a/1", "id_property": key, "properties": {"hs_cart_name": "Cart"}}]
    ).results[0]
    read = objects.orders.batch.get(
        inputs=[{"id": order.id}], properties=["hs_tags"], properties_with_history=[]
    )
    linked = sdk.crm.associations.batch.create_default(
        "orders",
        from_object_type="carts",
        inputs=[{"from": {"id": cart.id}, "to": {"id": order.id}}],
    )
    objects.orders.batch.delete(inputs=[{"id": order.id}])

    assert cart.new
    assert read.results[0].properties["hs_tags"] == "vip"
    assert {each.association_spec.association_type_id for each in linked.results} == {592, 593}
    assert list(objects.orders.list()) == []


def test_the_sdk_does_the_same_for_contacts_products_and_line_items(sdk: TypedHubSpot) -> None:
    objects = sdk.crm.objects
    contact = objects.contacts.create(associations=[], properties={"email": "Zoë@shop.example"})
    product = objects.products.create(associations=[], properties={"name": "Tea", "price": "4.50"})
    line = objects.line_items.create(
        associations=[],
        properties={"name": "Tea", "quantity": "2", "price": "4.50", "hs_product_id": product.id},
    )
    found = objects.products.search(
        after="0", filter_groups=[], limit=10, properties=["name"], sorts=["-createdate"]
    )
    read = objects.line_items.get(line.id, properties=["amount"])

    assert objects.contacts.get("zoë@shop.example", id_property="email").id == contact.id
    assert [each.id for each in found.results] == [product.id]
    assert read.properties["amount"] == "9.00"


def test_the_sdk_reads_properties_and_pipelines(sdk: TypedHubSpot) -> None:
    properties = {each.name: each for each in sdk.crm.properties.list("contacts").results}
    pipelines = sdk.crm.pipelines.list("orders").results

    assert properties["email"].has_unique_value
    assert [each.label for each in pipelines[0].stages][:2] == ["Open", "Processed"]


def test_a_page_of_the_list_leads_to_the_next(client: Any) -> None:
    for number in range(5):
        client.crm.objects.basic_api.create(
            "products", SimplePublicObjectInputForCreate(properties={"name": f"P{number}"})
        )

    every = client.crm.products.get_all(properties=["name"])

    assert [each.properties["name"] for each in every] == [f"P{number}" for number in range(5)]
