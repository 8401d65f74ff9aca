"""Sentences for every place a record can stand in."""

import pytest

from services.cli.explaining import why
from services.cli.sentences import sentence_of, sentences_of
from services.shared.contract.errors import OursToFixError, SyncError
from services.shared.contract.keys import SourceKey
from services.shared.contract.reasons import KNOWN
from services.shared.ledger.reporting import Standing
from services.shared.ledger.sources import Status

KEY = SourceKey("acme.myshopify.com", "orders", "5001")


def standing(status: Status, reason: str, detail: str = "") -> Standing:
    return Standing(
        key=KEY,
        parent_id=None,
        target_id=None,
        status=status,
        reason=reason,
        detail=detail,
        attempts=0,
        label="#1001",
        updated_at=None,
        changed_at=None,
        acknowledged_at=None,
        waiting_since=None,
        due_at=None,
        deleted_at=None,
    )


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.IN_SYNC])
def test_every_place_and_reason_has_a_sentence_without_gaps(status: Status) -> None:
    for reason in (*KNOWN, "SOMETHING_NEW", ""):
        said = why(standing(status, reason))
        assert said
        assert "{" not in said


def test_what_is_in_sync_needs_no_explanation() -> None:
    assert why(standing(Status.IN_SYNC, "")) == ""


def test_a_refusal_names_code_and_property_and_how_to_try_again() -> None:
    said = why(standing(Status.FAILING, "INVALID_OPTION", "hs_currency_code"))
    assert "INVALID_OPTION" in said
    assert "hs_currency_code" in said
    assert f"records retry {KEY}" in said


def test_errors_of_one_kind_are_said_together() -> None:
    taken = [OursToFixError("address_taken", detail=f"127.0.0.1:{port}") for port in (1, 2)]
    said = sentences_of([*taken, OursToFixError("wrong_encryption_key")])
    assert "127.0.0.1:1, 127.0.0.1:2" in said
    assert len(said.splitlines()) == 2


def test_an_error_without_a_sentence_is_said_in_its_own_words() -> None:
    assert sentence_of(SyncError("strange", detail="thing")) == "strange: thing"
