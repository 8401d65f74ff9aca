"""Published samples, signed, on their whole way from a request to a plan; then bent and broken."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.delivery import Claim, claim_in, event_for, is_proven
from services.ingest.stores import StoresInMemory
from services.shared.contract.events import Event, Partition, Position
from services.shared.contract.records import State
from services.shared.contract.versions import standing
from services.shared.shopify.payloads import TOPICS_READ
from services.syncer import plans
from services.syncer.account import Account
from services.syncer.applying import Abilities
from services.syncer.mapping.applying import compiled
from services.syncer.mapping.defaults import DEFAULTS, GUEST_CONTACT
from services.syncer.mapping.stages import DEFAULT_STAGES
from services.syncer.planning import Circumstances, plan_for
from services.syncer.plans import Plan
from services.syncer.reading import Readout, read_out
from tests.support.deliveries import SHOP, as_asgi, signed_headers
from tests.support.npm import WEBHOOKS
from tests.support.running_ingest import ACME

pytestmark = pytest.mark.node

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SAMPLES = WEBHOOKS / "metadatas"
GOOD = b'{"id": 77, "updated_at": "2026-11-24T10:00:00Z", "title": "Mug", "variants": []}'

ACCOUNT = Account(
    rows={name: compiled(rows, None) for name, rows in DEFAULTS.items()}
    | {plans.GUESTS: compiled(GUEST_CONTACT, None)},
    stages=DEFAULT_STAGES,
    currencies=frozenset({"USD"}),
    abilities=Abilities(keyed=set(), line_item_links={}),
)
AROUND = Circumstances(
    shop=SHOP,
    now=NOW,
    abandoned_after=timedelta(minutes=15),
    mapped=ACCOUNT.mapped,
    products={},
)


@cache
def samples() -> tuple[tuple[str, Any], ...]:
    """Topic and body of every sample of a topic we read, in every version that has it."""
    return tuple(
        (topic, orjson.loads(file.read_bytes())["response"])
        for version in sorted(SAMPLES.iterdir())
        for topic in sorted(TOPICS_READ)
        if (file := version / f"{topic}.json").exists()
    )


def taken_in(topic: str, body: bytes, offset: int = 0) -> Event:
    """The event that ingest makes of a signed delivery."""
    stores = StoresInMemory()
    stores.replace([ACME])
    claim = claim_in(as_asgi(signed_headers(body, topic=topic)), stores)
    assert isinstance(claim, Claim)
    assert is_proven(claim, body)
    event = event_for(claim, body, NOW).event
    return Event(
        position=Position(Partition(event.topic, 0), offset),
        key=event.key,
        value=event.value,
        headers=event.headers,
        appended_at=NOW,
    )


def planned(readout: Readout) -> list[Plan]:
    """The plans of the states in a batch; versions are compared as deciding does."""
    found = []
    for job in readout.jobs:
        if isinstance(job.state, State):
            standing(job.state.version, job.state.version)
            found.append(plan_for(job.source, job.state, AROUND))
    return found


def sample(version: str, topic: str) -> bytes:
    response = orjson.loads((SAMPLES / version / f"{topic}.json").read_bytes())["response"]
    return orjson.dumps(response)


@pytest.mark.parametrize("version", ["2023-07", "2025-01", "2025-10", "2026-04", "2026-07"])
@pytest.mark.parametrize(
    ("topic", "whose"),
    [
        *((each, "orders/create") for each in (
            "orders/edited", "orders/delete", "refunds/create", "order_transactions/create",
            "fulfillments/update")),
        *((each, "customers/create") for each in (
            "customers/delete", "customers_email_marketing_consent/update",
            "customers_marketing_consent/update")),
        ("products/delete", "products/update"),
    ],
)  # fmt: skip
def test_what_belongs_to_a_record_has_its_key(version: str, topic: str, whose: str) -> None:
    keys = {taken_in(each, sample(version, each)).key for each in (topic, whose)}

    assert len(keys) == 1


def test_no_sample_of_any_version_is_a_dead_letter() -> None:
    events = [taken_in(topic, orjson.dumps(body)) for topic, body in samples()]

    assert len(events) > 350
    assert not read_out(events).dead


@pytest.mark.parametrize("version", sorted(path.name for path in SAMPLES.glob("2*")))
def test_a_samples_money_and_times_arrive(version: str) -> None:
    (order,) = planned(read_out([taken_in("orders/updated", sample(version, "orders/updated"))]))
    told = orjson.loads(sample(version, "orders/updated"))

    assert order.properties["hs_total_price"] == told["current_total_price"]
    created = datetime.fromisoformat(order.properties["hs_external_created_date"])
    assert created == datetime.fromisoformat(told["created_at"])
    assert order.properties["hs_order_name"] == told["name"]
    lines = [each for each in told["line_items"] if each.get("current_quantity") != 0]
    assert [part.properties["price"] for part in order.parts] == [each["price"] for each in lines]


def test_a_nul_is_left_out_of_what_the_ledger_keeps() -> None:
    body = orjson.dumps({"id": 5, "updated_at": "2026-11-24T10:00:00Z", "title": "M\0ug",
                         "variants": []})  # fmt: skip

    (plan,) = planned(read_out([taken_in("products/update", body)]))

    assert plan.label == "Mug"


ODD: Sequence[Any] = (
    *(
        None,
        True,
        0,
        -1,
        2**53 + 1,
        2**63,
        2**64 - 1,
        1e308,
        -0.0,
        1.5,
        "",
        "0",
        "-1",
        "1e400",
        "NaN",
    ),
    *("12.34", "\u0661\u0662", "9" * 50, "x" * 70_000, "\U0001f600", "\0", "a\0b", "\u202e"),
    *([], {}, [[]], [None], [{}], {"id": 1}, [{"id": None}], {"amount": "1"}, {"shop_money": None}),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-05:00", "2026-01-01", "2026-13-01T00:00Z"),
    *("gid://shopify/Order/1", "gid://shopify/Order/", "#", "#1", "a/b", "../..", "None"),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything inside a JSON value."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (*path, key)
        if isinstance(each, dict | list):
            yield from places(each, (*path, key))


def bent(draw: st.DrawFn, body: Any) -> Any:
    """A sample with some of its values dropped, replaced or added to."""
    body = copy.deepcopy(body)
    for _ in range(draw(st.integers(0, 4))):
        found = list(places(body))
        if not found:
            break
        *path, last = draw(st.sampled_from(found))
        held = body
        for key in path:
            held = held[key]
        odd = copy.deepcopy(draw(st.sampled_from(ODD)))
        match draw(st.sampled_from(["drop", "replace", "add"])):
            case "drop":
                del held[last]
            case "add" if isinstance(held, list):
                held.insert(last, odd)
            case _:
                held[last] = odd
    return body


BREAKS: dict[str, Callable[[bytes, int], bytes]] = {
    "not": lambda body, _: body,
    "cut": lambda body, at: body[:at],
    "garbled": lambda body, at: body[:at] + b"\xff" + body[at + 1 :],
    "marked": lambda body, _: b"\xef\xbb\xbf" + body,
    "doubled": lambda body, _: body.replace(b'"id":', b'"id":12,"id":', 1),
    "half a character": lambda body, _: body.replace(b':"', b':"\\ud800', 1),
    "huge": lambda body, _: body.replace(b'"id":', b'"id":9' + b"9" * 400 + b',"i":', 1),
    "deep": lambda *_: b'{"id":' + b"[" * 3_000 + b"]" * 3_000 + b"}",
}


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[str, bytes]:
    topic, body = draw(st.sampled_from(samples()))
    whole = orjson.dumps(bent(draw, body))
    break_ = BREAKS[draw(st.sampled_from([*BREAKS]))]
    return topic, break_(whole, draw(st.integers(0, len(whole))))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_is_signed_ends_as_a_job_or_a_dead_letter_and_spares_its_neighbours(
    data: st.DataObject,
) -> None:
    topic, body = data.draw(deliveries())
    events = [taken_in(topic, body), taken_in("products/update", GOOD, offset=1)]

    readout = read_out(events)

    assert [each.source.id for each in readout.jobs][-1] == "77"
    assert len(readout.dead) == (len(readout.jobs) == 1)
    assert all(each.headers["dead-reason"] for each in readout.dead)
    for plan in planned(readout):
        texts = (plan.label, plan.email, *(value for _, value in plan.tokens))
        assert not any("\0" in each for each in texts)
        assert all(isinstance(each, str) for each in plan.properties.values())
