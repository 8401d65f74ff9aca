"""``shopsync requests`` beside a ledger as the product leaves it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from services.shared.contract.keys import SourceKey
from services.shared.hubspot.usage import Usage
from services.shared.ledger import compliance, identities, links
from services.shared.ledger.compliance import ComplianceRequest
from services.shared.ledger.engine import Transaction, opened, statement
from services.shared.ledger.identities import EMAIL, Identity
from services.shared.ledger.links import Link
from services.shared.ledger.pruning import prune
from services.shared.ledger.settlements import Settlement, settle
from services.shared.ledger.sources import Status
from services.shared.ledger.stores import ACCOUNT
from services.shared.ledger.vault import Vault
from services.shared.log.sqlite import SqliteLog
from services.syncer import metrics
from services.syncer.measuring import Measuring
from tests.support.ledgers import aged
from tests.support.left_behind import GONE, LINE, ORDER, SHOP, answer, filled, run, url

T = TypeVar("T")
KEY = "a-key-long-enough"
OTHER = "zenith.myshopify.com"
ANA = SourceKey(SHOP, "customers", "7")
GUEST = SourceKey(SHOP, "guests", "g1")
ELSEWHERE = SourceKey(OTHER, "customers", "70")
HER_CHECKOUT = SourceKey(SHOP, "checkouts", "8001")
ERASE_ANA = b"""{"shop_id": 1, "shop_domain": "acme.myshopify.com",
  "customer": {"id": 7, "email": " Ana@Example.com", "phone": "+34600000001"},
  "orders_to_redact": [5001, 5009]}"""
_BODIES = statement("SELECT body FROM requests ORDER BY id")


def within(data: Path, work: Callable[[Transaction], Awaitable[T]]) -> T:
    async def inside() -> T:
        async with opened(url(data)) as ledger, ledger.transaction() as tx:
            return await work(tx)

    return asyncio.run(inside())


def came(data: Path, topic: str = "customers/redact", body: bytes = ERASE_ANA) -> None:
    new = ComplianceRequest(shop=SHOP, shopify_topic=topic, delivery_id=topic, body=body)
    within(data, lambda tx: compliance.keep(tx, Vault([KEY]), new))


def grown_older(data: Path, days: int) -> None:
    within(data, lambda tx: aged(tx, days * 24 * 3600 * 1000))


@pytest.fixture(name="data")
def data_with_a_request(data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHOPSYNC_ENCRYPTION_KEY", KEY)
    filled(data)
    came(data)
    return data


def test_requests_are_listed_with_the_days_left_and_without_whom_they_are_about(
    data: Path,
) -> None:
    grown_older(data, 3)
    came(data, "shop/redact", b'{"shop_id": 1, "shop_domain": "acme.myshopify.com"}')

    found = answer("requests", "list")

    assert [(each["id"], each["shopify_topic"], each["days_left"]) for each in found] == [
        (1, "customers/redact", 26),
        (2, "shop/redact", 29),
    ]
    assert {each["shop"] for each in found} == {SHOP}
    said = run("requests", "list").output
    assert "days left" in said
    assert "ana@" not in said.lower()


def test_an_overdue_request_has_fewer_than_no_days_left(data: Path) -> None:
    grown_older(data, 31)
    (found,) = answer("requests", "list")
    assert found["days_left"] < 0


def test_a_request_that_is_done_is_pending_no_more_and_may_be_done_again(data: Path) -> None:
    assert "is marked as done" in run("requests", "done", "1").output
    assert run("requests", "list").output.startswith("Nothing")
    assert answer("requests", "list") == []
    (first,) = answer("requests", "list", "--all")
    assert first["done_at"]
    assert first["days_left"] is None

    assert "was marked as done at" in run("requests", "done", "1").output
    assert answer("requests", "done", "1") == first
    assert "0 compliance requests pending" in run("status").output


def test_an_unknown_request_is_a_problem_and_no_number_is_wrong_usage(data: Path) -> None:
    for command in ("show", "done"):
        assert "There is no compliance request 9" in run("requests", command, "9", code=1).output
        run("requests", command, "d-1", code=2)
        run("requests", command, "99999999999", code=2)
    assert len(answer("requests", "list")) == 1, "none of these is marked as done"


async def _people(tx: Transaction) -> None:
    """Ana is a customer here and elsewhere, and once was a guest: one contact in HubSpot."""
    rows = [(ANA, "31"), (GUEST, "31"), (ELSEWHERE, "31"), (HER_CHECKOUT, "81")]
    await settle(tx, [Settlement(key=k, status=Status.IN_SYNC, target_id=t) for k, t in rows])
    email = Identity(kind=EMAIL, value="ana@example.com", target_id="31")
    await identities.record(tx, ACCOUNT, [email])
    theirs = [
        Link(shop=SHOP, from_kind=k.kind, from_id=k.id, to_kind=to.kind, to_id=to.id)
        for k, to in ((HER_CHECKOUT, ANA), (GONE, GUEST))
    ]
    await links.want_these(tx, theirs)


def test_a_request_shows_whom_it_is_about_and_all_that_is_known_of_them(data: Path) -> None:
    within(data, _people)

    found = answer("requests", "show", "1")

    assert found["asked"]["customer_id"] == "7"
    assert found["asked"]["phone"] == "+34600000001"
    assert found["concern"]["contacts"] == ["31"]
    records = {each["key"]: each["status"] for each in found["concern"]["records"]}
    assert records == {
        str(ORDER): "excluded",
        str(GONE): "deleted",
        f"{SHOP}/orders/5009": None,
        str(ANA): "in_sync",
        str(GUEST): "in_sync",
        str(HER_CHECKOUT): "in_sync",
        str(ELSEWHERE): "in_sync",
    }
    assert str(LINE) not in records
    shown = " ".join(run("requests", "show", "1").output.split())
    assert "erase this customer and these orders" in shown
    assert "it is contact 31" in shown
    assert f"{ORDER} #1001 excluded order 91" in shown
    assert "Ana@Example.com" in shown
    assert f"{SHOP}/orders/5009 never seen" in shown


def test_a_contact_is_found_by_the_email_alone(data: Path) -> None:
    email = Identity(kind=EMAIL, value="ana@example.com", target_id="31")
    within(data, lambda tx: identities.record(tx, ACCOUNT, [email]))
    assert answer("requests", "show", "1")["concern"]["contacts"] == ["31"]


@pytest.mark.parametrize("key", ["", "another-key-altogether"])
def test_without_the_key_nothing_is_shown_and_the_key_is_named(
    data: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("SHOPSYNC_ENCRYPTION_KEY", key)
    said = run("requests", "show", "1", code=2).output
    assert "SHOPSYNC_ENCRYPTION_KEY" in said
    assert "missing" in said or "does not open" in said
    run("requests", "done", "1")


def test_the_personal_data_goes_nowhere_but_to_standard_output(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    within(data, _people)
    caplog.set_level("DEBUG", logger="services")
    result = run("requests", "show", "1")
    assert "ana@" in result.stdout.lower()
    assert "ana@" not in (result.stderr + caplog.text).lower()


def test_a_whole_store_is_counted_by_kind(data: Path) -> None:
    came(data, "shop/redact", b'{"shop_id": 1, "shop_domain": "acme.myshopify.com"}')
    assert answer("requests", "show", "2")["records"] == {"orders": 3, "line_items": 1}
    said = run("requests", "show", "2").output
    assert "erase everything of this store" in said
    assert f"records list --shop {SHOP}" in said
    assert "Records of the store" in said, "a title wider than its table is not broken"


@pytest.mark.parametrize("body", [b"garbage", b"[]", b'"text"'])
def test_a_body_that_cannot_be_read_is_shown_as_it_came(data: Path, body: bytes) -> None:
    came(data, "customers/data_request", body)
    assert body.decode() in run("requests", "show", "2").output
    assert answer("requests", "show", "2")["body"] == body.decode()


def test_whom_a_request_was_about_is_forgotten_a_month_after_it_is_done(data: Path) -> None:
    async def pruned() -> dict[str, int]:
        async with opened(url(data)) as ledger:
            return dict(await prune(ledger))

    came(data, "customers/data_request")
    run("requests", "done", "1")
    grown_older(data, 29)
    assert asyncio.run(pruned()) == {}
    assert answer("requests", "show", "1")["asked"]["customer_id"] == "7"

    grown_older(data, 2)
    assert asyncio.run(pruned()) == {"bodies of requests that are done": 1}
    first, second = within(data, lambda tx: tx.run(_BODIES))
    assert (first.body, bool(second.body)) == ("", True)
    assert "is forgotten" in run("requests", "show", "1").output
    assert answer("requests", "show", "1")["asked"] is None
    assert [each["id"] for each in answer("requests", "list", "--all")] == [1, 2]


def test_the_gauge_that_the_alert_looks_at_falls_when_all_are_done(data: Path) -> None:
    async def pending() -> float | None:
        async with opened(url(data)) as ledger, SqliteLog.open(data / "log.sqlite") as log:
            await Measuring(ledger, log, "syncer", Usage(lambda: 0.0)).measure()
        return metrics.REGISTRY.get_sample_value("shopsync_syncer_compliance_requests")

    assert asyncio.run(pending()) == 1
    run("requests", "done", "1")
    assert asyncio.run(pending()) == 0
