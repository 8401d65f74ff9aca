"""What is said of stores whose first sync or whose scans do not get on."""

from dataclasses import replace
from datetime import UTC, datetime

from services.cli.diagnosing import Known, diagnosed
from services.cli.findings import has_errors
from services.shared.contract.topics import ObjectType
from services.shared.ledger.measures import Scan
from services.shared.ledger.troubles import Trouble

SHOP = "acme.myshopify.com"
STARTED = datetime(2026, 1, 2, 3, 12, tzinfo=UTC)


def scan(kind: str, age_seconds: float = 10.0) -> Scan:
    return Scan(
        shop=SHOP,
        kind=kind,
        mode="scan",
        started_at=STARTED,
        age_seconds=age_seconds,
        listed=0,
        appended=0,
    )


WELL = Known(
    stores=[SHOP],
    begun=frozenset({SHOP}),
    scans=[scan(each) for each in ObjectType],
    scan_every_seconds=60.0,
)


def test_a_store_that_is_scanned_again_and_again_is_no_matter() -> None:
    assert diagnosed(WELL) == []


def test_a_first_sync_nobody_agreed_to_awaits_consent() -> None:
    known = Known(stores=[SHOP], unconfirmed=frozenset({SHOP}), scan_every_seconds=60.0)
    (finding,) = diagnosed(known)
    assert finding.subject == SHOP
    assert "awaits consent" in finding.problem
    assert "make run" in finding.to_do
    assert has_errors([finding])


def test_each_object_whose_first_sync_broke_off_is_named() -> None:
    known = replace(WELL, scans=[scan("customers")])
    found = diagnosed(known)
    assert [each.subject for each in found] == [
        f"{SHOP} {kind}" for kind in ("products", "orders", "checkouts")
    ]
    assert {each.problem for each in found} == {"first sync not complete"}
    assert has_errors(found)


def test_a_first_sync_under_way_needs_nobody() -> None:
    known = replace(WELL, scans=[scan("customers", 86_400)], scanning=frozenset({SHOP}))
    found = diagnosed(known)
    assert len(found) == 3
    assert not has_errors(found)


def test_a_store_without_a_scan_for_long_asks_whether_a_reconciler_runs() -> None:
    limit = 3 * WELL.scan_every_seconds + 60
    late = [scan(each, limit + 1) for each in ObjectType]
    (finding,) = diagnosed(replace(WELL, scans=late))
    assert "since 2026-01-02 03:12 UTC: is a reconciler running?" in finding.problem
    assert has_errors([finding])
    assert diagnosed(replace(WELL, scans=[scan(each, limit - 1) for each in ObjectType])) == []


def trouble(reason: str, kind: str = "", age_seconds: float = 5.0, **said: bool) -> Trouble:
    is_ours = said.get("is_ours", False)
    return Trouble(
        shop=SHOP, kind=kind, reason=reason, is_ours=is_ours, since=STARTED, age_seconds=age_seconds
    )


def test_what_may_be_over_by_itself_needs_a_person_only_when_it_lasts() -> None:
    young = replace(WELL, troubles=[trouble("network_ConnectError")])
    (finding,) = diagnosed(young)
    assert "(network_ConnectError), since 2026-01-02 03:12 UTC" in finding.problem
    assert not has_errors([finding])
    old = [trouble("network_ConnectError", age_seconds=WELL.patience_seconds + 1)]
    assert has_errors(diagnosed(replace(WELL, troubles=old)))


def test_a_refused_token_needs_a_person_at_once_and_explains_scans_that_stopped() -> None:
    late = [scan(each, WELL.patience_seconds + 1) for each in ObjectType]
    refused = [trouble("token_refused", is_ours=True)]
    why, stale = diagnosed(replace(WELL, scans=late, troubles=refused))
    assert "Shopify refuses its token" in why.problem
    assert "SHOPSYNC_ADMIN_TOKEN" in why.to_do
    assert "is a reconciler running?" not in stale.problem


def test_what_all_objects_of_a_store_suffer_is_said_once() -> None:
    denied = [trouble("access_denied", kind, is_ours=True) for kind in ObjectType]
    (finding,) = diagnosed(replace(WELL, troubles=denied))
    assert finding.subject == f"{SHOP} {', '.join(ObjectType)}"
