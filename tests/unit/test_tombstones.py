"""What a tombstone lets through once nobody else can write."""

from datetime import UTC, datetime, timedelta

import pytest

from services.shared.contract.keys import SourceKey
from services.shared.contract.versions import Version
from services.shared.ledger.sources import SourceRow, Status
from services.syncer.deciding import is_before_tombstone

GONE_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def _row(deleted_at: datetime | None) -> SourceRow:
    return SourceRow(
        key=SourceKey("acme.myshopify.com", "orders", "1"),
        parent_id=None,
        target_id=None,
        version=None,
        wanted=0,
        settled=0,
        deletion_claimed=False,
        deleted_at=deleted_at,
        status=Status.DELETED if deleted_at else Status.IN_SYNC,
        reason="",
        detail="",
        due_at=None,
        waiting_since=None,
        attempts=0,
        body=None,
        changed_at=None,
        acknowledged_at=None,
        suspect_until=None,
        label="",
        created_at=None,
    )


@pytest.mark.parametrize(
    ("observed_at", "is_before"),
    [(None, True), (GONE_AT - SECOND, True), (GONE_AT, True), (GONE_AT + SECOND, False)],
)
def test_only_a_read_made_later_gets_past_a_tombstone(
    observed_at: datetime | None, *, is_before: bool
) -> None:
    seen = Version(updated_at=GONE_AT + 9 * SECOND, observed_at=observed_at)

    assert is_before_tombstone(seen, _row(GONE_AT)) is is_before


def test_where_no_tombstone_is_everything_gets_past() -> None:
    seen = Version(updated_at=GONE_AT)

    assert not is_before_tombstone(seen, _row(None))
    assert not is_before_tombstone(seen, None)
