from __future__ import annotations

import asyncio

import pytest

from services.shared.contract.errors import (
    OursToFixError,
    OutcomeUnknownError,
    SyncError,
    WorldAtFaultError,
)
from services.shared.runtime.retrying import Patience, retried
from tests.support.virtual_time import in_virtual_time


class Call:
    """Fails with each of ``failures`` in turn, then gives 7; notes when it was made."""

    def __init__(self, *failures: SyncError) -> None:
        self.failures = [*failures]
        self.made_at: list[float] = []

    async def __call__(self) -> int:
        self.made_at.append(asyncio.get_running_loop().time())
        if self.failures:
            raise self.failures.pop(0)
        return 7

    def run(self, *, is_repeatable: bool = True, patience: Patience | None = None) -> int:
        return in_virtual_time(
            retried(
                self,
                on=(WorldAtFaultError,),
                is_repeatable=is_repeatable,
                patience=patience or Patience(chance=lambda: 1.0),
            )
        )


def test_a_call_is_repeated_with_doubling_waits_until_it_succeeds() -> None:
    call = Call(*[WorldAtFaultError("down")] * 3)

    assert call.run() == 7
    assert call.made_at == pytest.approx([0, 0.25, 0.75, 1.75])


def test_what_the_other_side_asks_for_is_waited_in_full() -> None:
    call = Call(WorldAtFaultError("busy", retry_after=5.0))

    call.run()

    assert call.made_at[1] >= 5.0


def test_a_wait_beyond_the_budget_is_not_begun() -> None:
    call = Call(WorldAtFaultError("busy", retry_after=3600.0))

    with pytest.raises(WorldAtFaultError, match="busy"):
        call.run()

    assert call.made_at == [0]


def test_a_lambda_is_a_call_like_any_other() -> None:
    call = Call(WorldAtFaultError("down"))

    found = in_virtual_time(
        retried(lambda: call(), on=(WorldAtFaultError,), is_repeatable=True)  # noqa: PLW0108 - the point
    )

    assert found == 7


def test_attempts_are_limited_and_the_last_error_is_raised_as_it_is() -> None:
    last = WorldAtFaultError("last")
    call = Call(WorldAtFaultError("first"), last, WorldAtFaultError("never"))

    with pytest.raises(WorldAtFaultError) as caught:
        call.run(patience=Patience(attempts=2))

    assert caught.value is last


@pytest.mark.parametrize(("is_repeatable", "calls"), [(True, 2), (False, 1)])
def test_an_unknown_outcome_is_repeated_only_where_that_is_harmless(
    *, is_repeatable: bool, calls: int
) -> None:
    call = Call(OutcomeUnknownError("reset"))

    if is_repeatable:
        assert call.run() == 7
    else:
        with pytest.raises(OutcomeUnknownError):
            call.run(is_repeatable=False)
    assert len(call.made_at) == calls


def test_what_no_repetition_helps_is_not_repeated() -> None:
    call = Call(OursToFixError("token_refused"))

    with pytest.raises(OursToFixError):
        call.run()

    assert len(call.made_at) == 1
