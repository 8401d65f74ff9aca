from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.contract.errors import OutcomeUnknownError
from services.shared.hubspot.answers import page_in, reading_in, results_in
from services.shared.hubspot.links import Pair, associated_in, pairs_refused_in
from services.shared.hubspot.refusals import Refusal
from services.shared.hubspot.rows import InlineAssociation, Refused, Row, Unknown, Written, input_of
from services.syncer.splitting import is_about_all, parts_of, waves

ROWS = [Row(trace=f"t{n}", id=f"10{n}", properties={"email": "x"}) for n in range(3)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 103) | st.sampled_from(["t0", "t1", "100", "101"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "results",
                    "errors",
                    "context",
                    "ids",
                    "objectWriteTraceId",
                    "properties",
                    "to",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
)


@given(st.dictionaries(st.sampled_from(["results", "errors"]), JSON))
def test_any_answer_gives_exactly_one_result_for_every_row(answer: dict[str, Any]) -> None:
    results = results_in(ROWS, answer)

    assert set(results) == {"t0", "t1", "t2"}
    assert all(result.trace == trace for trace, result in results.items())


@given(st.dictionaries(st.sampled_from(["results", "errors", "paging"]), JSON))
def test_any_answer_to_a_read_accounts_for_every_id(answer: dict[str, Any]) -> None:
    reading = reading_in(["100", "101"], "", answer)

    assert {*reading.found, *reading.missing, *reading.unanswered} == {"100", "101"}


def test_errors_are_matched_by_trace_and_the_rest_by_trace_or_id() -> None:
    error = {
        "category": "VALIDATION_ERROR",
        "context": {"objectWriteTraceId": ["t1"]},
        "errors": [{"code": "INVALID_EMAIL", "context": {"propertyName": ["email"]}}],
    }
    results = [{"id": "999", "objectWriteTraceId": "t0", "new": True}, {"id": "102"}]

    found = results_in(ROWS, {"results": results, "errors": [error], "numErrors": 1})

    assert found["t0"] == Written(trace="t0", id="999", is_new=True)
    assert isinstance(found["t1"], Refused)
    assert (found["t1"].code, found["t1"].field) == ("INVALID_EMAIL", "email")
    assert found["t2"] == Written(trace="t2", id="102")


@given(st.dictionaries(st.sampled_from(["paging", "numErrors", "status"]), JSON), JSON)
def test_what_is_no_list_is_no_end_of_a_list_and_no_lack_of_links(
    answer: dict[str, Any], results: Any
) -> None:
    if not isinstance(results, list):
        answer["results"] = results
    with pytest.raises(OutcomeUnknownError):
        page_in(answer)
    with pytest.raises(OutcomeUnknownError):
        associated_in(["100"], answer)
    with pytest.raises(OutcomeUnknownError):
        pairs_refused_in([Pair("100", "101")], answer)


def test_a_result_with_another_rows_trace_is_never_ours() -> None:
    refused = {"context": {"objectWriteTraceId": ["t0"]}, "category": "VALIDATION_ERROR"}
    both = {"errors": [refused], "results": [{"id": "101", "objectWriteTraceId": "t0"}]}

    assert isinstance(results_in(ROWS[:2], both)["t0"], Refused)
    assert isinstance(results_in(ROWS[:2], both)["t1"], Unknown)

    others = {"results": [{"id": "100", "objectWriteTraceId": "somebody's"}]}
    assert isinstance(results_in(ROWS[:1], others)["t0"], Unknown)


VERDICTS = st.fixed_dictionaries(
    {"trace": st.sampled_from(["t0", "t1", "t2", "t9", None]), "id": st.integers(97, 104)}
)


@given(
    written=st.lists(VERDICTS, max_size=4),
    failed=st.lists(VERDICTS, max_size=3),
    spelled=st.sampled_from([int, str]),
    rows=st.integers(1, 3),
)
def test_a_row_counts_as_written_only_by_a_result_that_is_about_it(
    written: list[dict[str, Any]], failed: list[dict[str, Any]], spelled: type, rows: int
) -> None:
    """Results in any order, with and without traces, doubled, foreign, ids as numbers."""
    results = [
        {"id": spelled(each["id"])}
        | ({"objectWriteTraceId": each["trace"]} if each["trace"] else {})
        for each in written
    ]
    errors = [{"context": {"objectWriteTraceId": [each["trace"]]}} for each in failed]

    found = results_in(ROWS[:rows], {"results": results, "errors": errors})

    named = {each["trace"] for each in written}
    nameless = [str(each["id"]) for each in written if each["trace"] is None]
    for row in ROWS[:rows]:
        match found[row.trace]:
            case Written(id=written_id):
                assert row.trace in named or written_id in nameless
                assert row.trace not in {each["trace"] for each in failed}
            case Refused():
                assert row.trace in {each["trace"] for each in failed} or None in {
                    each["trace"] for each in failed
                }


@pytest.mark.parametrize(
    "answer",
    [
        {"results": [], "errors": [{"category": "INTERNAL_ERROR"}], "numErrors": 1},
        {"results": [], "numErrors": 1},
    ],
)
def test_links_that_could_not_be_read_are_not_taken_for_none(answer: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknownError):
        associated_in(["100"], answer)


def test_flags_and_numbers_in_a_record_are_read_as_hubspot_says_them() -> None:
    answer = {"results": [{"id": 100, "properties": {"test": True, "count": 3, "none": None}}]}

    record = reading_in(["100"], "", answer).found["100"]

    assert record.properties == {"test": "true", "count": "3", "none": None}


def test_a_row_without_verdict_is_unknown_and_may_be_applied() -> None:
    found = results_in(ROWS, {"results": [{"id": "100", "objectWriteTraceId": "t0"}]})

    unknown = found["t1"]
    assert isinstance(unknown, Unknown)
    assert unknown.may_be_applied


def test_a_nameless_error_counts_only_when_a_single_row_is_left() -> None:
    nameless = {"errors": [{"category": "VALIDATION_ERROR"}]}

    assert isinstance(results_in(ROWS[:1], nameless)["t0"], Refused)
    assert isinstance(results_in(ROWS[:2], nameless)["t0"], Unknown)


def test_an_upsert_s_result_is_matched_by_its_unique_value() -> None:
    row = Row(trace="t", id="shop/1", id_property="shopify_sync_key")
    answers = [{"id": "5", "properties": {"shopify_sync_key": "shop/1"}, "new": False}]

    assert results_in([row, *ROWS], {"results": answers})["t"] == Written(trace="t", id="5")


def test_a_read_finds_merged_records_and_knows_missing_from_unanswered() -> None:
    answer = {
        "results": [{"id": "7", "properties": {"hs_merged_object_ids": "100;55"}}],
        "errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["101"]}}],
    }

    reading = reading_in(["100", "101", "102"], "", answer)

    assert reading.found["100"].id == "7"
    assert reading.missing == {"101"}
    assert reading.unanswered == {"102"}


def test_an_input_carries_only_what_the_row_has() -> None:
    link = InlineAssociation(to_id="9", type_id=514)
    row = Row(trace="t", properties={"name": "x"}, associations=[link])

    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 514}
    assert input_of(row) == {
        "objectWriteTraceId": "t",
        "properties": {"name": "x"},
        "associations": [{"to": {"id": "9"}, "types": [kind]}],
    }


def test_a_create_lists_its_links_even_where_there_are_none() -> None:
    """HubSpot's schema of creates requires the list; no other call has it."""
    assert input_of(Row(trace="t"))["associations"] == []
    assert "associations" not in input_of(Row(trace="t", id="7"))


def test_a_refused_pair_is_named_and_an_error_about_nobody_leaves_all_open() -> None:
    pairs = [Pair("1", "2"), Pair("1", "3")]

    refused = pairs_refused_in(pairs, {"errors": [{"context": {"ids": ["1", "3"]}}]})

    assert set(refused) == {Pair("1", "3")}
    with pytest.raises(OutcomeUnknownError):
        pairs_refused_in(pairs, {"errors": [{"context": {"ids": ["8"]}}]})


def test_links_beyond_one_answer_are_not_taken_for_all() -> None:
    entry = {"from": {"id": "1"}, "to": [{"toObjectId": 2}], "paging": {"next": {"after": "x"}}}

    with pytest.raises(OutcomeUnknownError):
        associated_in(["1"], {"results": [entry]})
    del entry["paging"]
    assert associated_in(["1", "4"], {"results": [entry]}) == {"1": {"2"}, "4": frozenset()}


@given(st.lists(st.sampled_from(["", "a", "b", "c"])))
def test_no_wave_has_an_id_twice_and_an_id_s_rows_keep_their_order(ids: list[str]) -> None:
    rows = [Row(trace=str(n), id=each) for n, each in enumerate(ids)]

    divided = waves(rows)

    for wave in divided:
        named = [row.id for row in wave if row.id]
        assert len(named) == len(set(named))
    for name in ("a", "b", "c"):
        order = [int(row.trace) for wave in divided for row in wave if row.id == name]
        assert order == sorted(order)
    assert sorted(int(row.trace) for wave in divided for row in wave) == [*range(len(rows))]


@given(
    st.integers(2, 100),
    st.builds(
        Refusal,
        code=st.sampled_from(["", "READ_ONLY_VALUE", "INVALID_EMAIL"]),
        field=st.sampled_from(["", "odd"]),
        traces=st.frozensets(st.integers(0, 120).map(str)),
    ),
)
def test_parts_hold_every_row_once_and_are_smaller_than_the_whole(
    count: int, refusal: Refusal
) -> None:
    rows = [Row(trace=str(n), properties={"odd": ""} if n % 2 else {}) for n in range(count)]

    parts = parts_of(rows, refusal)

    assert sorted(row.trace for part in parts for row in part) == sorted(r.trace for r in rows)
    assert all(0 < len(part) < len(rows) for part in parts)


def test_a_property_the_account_lacks_condemns_all_rows_that_have_it_at_once() -> None:
    refusal = Refusal(code="PROPERTY_DOESNT_EXIST", field="odd")
    having = [Row(trace=str(n), properties={"odd": "1"}) for n in range(9)]

    assert is_about_all(having, refusal)
    assert not is_about_all([*having, Row(trace="x")], refusal)


def test_hubspots_own_trouble_with_a_row_is_no_verdict_on_it() -> None:
    error = {"category": "INTERNAL_ERROR", "context": {"objectWriteTraceId": ["t0"]}}

    result = results_in(ROWS[:1], {"errors": [error]})["t0"]

    assert isinstance(result, Unknown)
    assert isinstance(result.cause, OutcomeUnknownError)
