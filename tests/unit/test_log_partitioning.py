from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.shared.log.partitioning import partition_of, rotated, shares

counts = st.dictionaries(st.integers(0, 20), st.integers(0, 1_000), max_size=12)


def test_a_key_keeps_its_partition_for_ever() -> None:
    keys = [f"acme.myshopify.com/orders/{number}" for number in range(5)]

    assert [partition_of(key, 12) for key in keys] == [5, 7, 5, 7, 0]


@given(key=st.text(st.characters(exclude_categories=["Cs"])), partitions=st.integers(1, 100))
def test_every_key_has_a_partition_that_exists(key: str, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions


@given(available=counts, limit=st.integers(0, 2_000))
def test_shares_use_the_whole_limit_and_no_more_than_there_is(
    available: dict[int, int], limit: int
) -> None:
    given_out = shares(available, limit)

    assert all(0 <= given_out[each] <= count for each, count in available.items())
    assert sum(given_out.values()) == min(limit, sum(available.values()))


@given(available=counts, limit=st.integers(0, 2_000))
def test_nobody_gets_more_than_one_who_still_has_some_left(
    available: dict[int, int], limit: int
) -> None:
    given_out = shares(available, limit)

    for each, count in available.items():
        if given_out[each] < count:
            assert max(given_out.values()) <= given_out[each] + 1


@given(items=st.lists(st.integers(), unique=True), after=st.integers() | st.none())
def test_turning_changes_only_who_comes_first(items: list[int], after: int | None) -> None:
    turned = rotated(items, after)

    assert sorted(turned) == sorted(items)
    if after in items:
        assert turned[-1] == after
