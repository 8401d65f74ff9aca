from __future__ import annotations

from prometheus_client import CollectorRegistry

from services.ingest.metrics import Metrics
from services.ingest.outcomes import STATUS, Outcome, headers_for


def test_every_outcome_has_a_status_unless_nobody_is_there_to_be_told() -> None:
    assert set(Outcome) - set(STATUS) == {Outcome.IDLE, Outcome.DISCONNECTED}


def test_every_503_says_when_to_come_again_and_405_what_is_allowed() -> None:
    told = {outcome: dict(headers_for(outcome, retry_seconds=7)) for outcome in STATUS}

    assert {outcome for outcome in STATUS if b"retry-after" in told[outcome]} == {
        outcome for outcome, status in STATUS.items() if status == 503
    }
    assert told[Outcome.LOG_UNAVAILABLE][b"retry-after"] == b"7"
    assert told[Outcome.WRONG_METHOD][b"allow"] == b"POST"


def test_every_outcome_is_counted_from_the_start() -> None:
    registry = CollectorRegistry()

    Metrics(registry).count(Outcome.UNKNOWN_STORE)

    counted = {
        outcome: registry.get_sample_value(
            "shopsync_ingest_requests_total", {"outcome": outcome.value}
        )
        for outcome in Outcome
    }
    assert counted == {each: float(each is Outcome.UNKNOWN_STORE) for each in Outcome}
