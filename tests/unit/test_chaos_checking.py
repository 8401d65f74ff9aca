"""The checker of ``make chaos`` finds each broken promise, and nothing where all is well."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.hubspot.account import Account
from sandbox.hubspot.people import People
from sandbox.shopify.delivery import Deliveries, Delivery
from sandbox.shopify.posting import Attempt
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.signing import Message
from services.shared.contract.events import Event, Partition, Position
from tests.chaos.checking import Found, violations
from tests.chaos.recording import Recording
from tests.chaos.world import World

SHOP = "acme.myshopify.com"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    shopify = Shopify()
    return World(
        seed=1,
        hubspot=Account(),
        shopify=shopify,
        deliveries=Deliveries(shopify),
        recording=Recording(),
        hubspot_url="",
        shopify_url="",
    )


def broken(world: World, found: Found) -> list[str]:
    return [each.promise for each in violations(world, found, [])]


def source(updated_at: str, status: str = "in_sync") -> Any:
    at = datetime.fromisoformat(updated_at)
    return SimpleNamespace(
        shop=SHOP,
        kind="orders",
        id="7",
        status=status,
        target_id=None,
        deleted_at=None,
        updated_at=int(at.timestamp() * 1000),
    )


def delivered(world: World, updated_at: str) -> None:
    message = Message(
        shop=SHOP,
        topic="orders/updated",
        url="",
        body=f'{{"id": 7, "updated_at": "{updated_at}"}}'.encode(),
        api_version="2026-10",
        webhook_id="w",
        event_id="e",
        triggered_at="",
        record_id="gid://shopify/Order/7",
    )
    attempts = [Attempt(at=NOW, seconds=0.1, status=200)]
    world.deliveries.recent.append(Delivery(message=message, attempts=attempts))


def event(topic: str, **headers: str) -> Event:
    position = Position(Partition(topic, 0), 0)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Event(position=position, key="", value=b"", headers=named, appended_at=NOW)


def letter(webhook_id: str) -> Event:
    place = {"dead_topic": "shopify.orders", "dead_position": "0/4"}
    return event("shopify.orders.dead", webhook_id=webhook_id, **place)


def test_where_all_is_well_nothing_is_found(world: World) -> None:
    delivered(world, "2026-11-24T12:00:00Z")
    world.offered, world.poison = {"p"}, ["p"]
    row = source("2026-11-24T12:00:00Z", "excluded")
    events = [event("shopify.orders", webhook_id="w"), letter("p")]

    assert broken(world, Found(sources=[row], events=events, keeps_events=True)) == []


def test_an_acknowledged_webhook_that_is_not_on_the_log_is_found(world: World) -> None:
    delivered(world, "2026-11-24T12:00:00Z")
    found = Found(sources=[source("2026-11-24T12:00:00Z", "excluded")], keeps_events=True)

    assert broken(world, found) == ["a 2xx means it is durable"]


def test_an_acknowledged_version_that_the_ledger_has_not_reached_is_found(world: World) -> None:
    delivered(world, "2026-11-24T12:00:01Z")
    found = Found(sources=[source("2026-11-24T12:00:00Z", "waiting")])

    assert broken(world, found) == ["no older state over a newer"]


def test_a_record_in_sync_whose_target_is_not_there_is_found(world: World) -> None:
    found = Found(sources=[source("2026-11-24T12:00:00Z")])

    assert broken(world, found) == ["the ledger says what is"]


@pytest.mark.parametrize(
    "letters",
    [
        pytest.param([], id="missing"),
        pytest.param([letter("p"), letter("q")], id="two at one place"),
        pytest.param([letter("p"), event("shopify.shops.dead", webhook_id="w")], id="too many"),
    ],
)
def test_dead_letters_that_do_not_add_up_are_found(world: World, letters: list[Event]) -> None:
    world.offered, world.poison = {"p", "q"}, ["p"]

    wrong = broken(world, Found(events=letters))

    assert wrong == ["every event is accounted for exactly once"]


def test_what_is_left_to_do_is_found(world: World) -> None:
    assert broken(world, Found(left=["a record waits"])) == ["everything is settled"]


def test_what_somebody_did_to_a_record_of_people_is_found(world: World) -> None:
    people = People(world.hubspot)
    made = people.create("contacts", {"email": "lead@example.com", "firstname": "Pat"})
    record = world.hubspot.records["contacts"].by_id[str(made["id"])]
    world.planted["contacts", record.id] = dict(record.properties)
    assert broken(world, Found()) == []

    people.edit("contacts", record.id, {"firstname": "Somebody"})
    assert broken(world, Found()) == ["nothing people made is touched"]
    people.archive("contacts", record.id)
    assert broken(world, Found()) == ["nothing people made is touched"]
