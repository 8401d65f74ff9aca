"""Shopify's search syntax, as far as it is served, with its traps about time.

Terms ``field:value`` with ``:<``, ``:<=``, ``:>``, ``:>=``, values in quotes or bare, a comma list
for any of several values; joined by ``AND`` (or nothing) and ``OR``, which binds less. Anything
else is refused, never guessed. https://shopify.dev/docs/api/usage/search-syntax
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.shopify.graph.paging import bad_request
from sandbox.shopify.model import Record, split_tags

Test = Callable[[Record], bool]

_TERM = re.compile(r"""(?P<field>\w+):(?P<sign><=|>=|<|>)?(?P<value>'[^']*'|"[^"]*"|[^\s()'"]+)""")
_SPACE = re.compile(r"\s+")
EXCLUSIVE_SINCE = "2026-10"
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How times are read: the shop's timezone, the version asked, whether days only count."""

    utc_offset: timedelta
    api_version: str
    whole_days: bool = False

    @property
    def timezone(self) -> timezone:
        """The shop's timezone."""
        return timezone(self.utc_offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """``field:sign value``; ``quoted`` values keep their time part."""

    field: str
    sign: str
    value: str
    quoted: bool


def terms_of(query: str) -> list[list[Term]]:
    """The alternatives of a query, each a list of terms that must all hold."""
    alternatives: list[list[Term]] = [[]]
    position, text = 0, query.strip()
    while position < len(text):
        space = _SPACE.match(text, position)
        if space:
            position = space.end()
        word = re.compile(r"(AND|OR)\b").match(text, position)
        if word:
            position = word.end()
            if word[1] == "OR":
                alternatives.append([])
            continue
        match = _TERM.match(text, position)
        if match is None:
            raise bad_request(f"the sandbox does not serve this search: {text[position:]}")
        alternatives[-1].append(_term(match))
        position = match.end()
    return alternatives


def _term(match: re.Match[str]) -> Term:
    value = match["value"]
    quoted = value[0] in "'\""
    return Term(
        field=match["field"],
        sign=match["sign"] or "=",
        value=value[1:-1] if quoted else value,
        quoted=quoted,
    )


def moment(term: Term, reading: Reading) -> datetime:
    """The time a term names.

    An unquoted ISO time loses its time part, and a date is midnight in the shop's timezone.
    """
    text = term.value if term.quoted else term.value.partition("T")[0]
    if text == "now":
        raise bad_request("the sandbox does not serve relative times")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"Invalid timestamp: {term.value}") from None
    return at if at.tzinfo else at.replace(tzinfo=reading.timezone)


def _has_fraction(term: Term) -> bool:
    return "." in term.value


def time_test(name: str, term: Term, reading: Reading) -> Test:
    """Compare one of a record's times."""
    at = moment(term, reading)
    if reading.whole_days:
        return _day_test(name, term.sign, at, reading)
    exact = _has_fraction(term)
    end = at if exact else at + _SECOND
    if term.sign == ">" and not exact and reading.api_version < EXCLUSIVE_SINCE:
        return lambda record: record[name] >= at
    if term.sign == "=" and "T" not in (term.value if term.quoted else ""):
        end = at + timedelta(days=1)
    tests: Mapping[str, Test] = {
        ">": lambda record: record[name] > at if exact else record[name] >= end,
        ">=": lambda record: record[name] >= at,
        "<": lambda record: record[name] < at,
        "<=": lambda record: record[name] <= at if exact else record[name] < end,
        "=": lambda record: record[name] == at if exact else at <= record[name] < end,
    }
    return _known(name, tests[term.sign])


def _known(name: str, test: Test) -> Test:
    return lambda record: record[name] is not None and test(record)


def _day_test(name: str, sign: str, at: datetime, reading: Reading) -> Test:
    day = at.astimezone(reading.timezone).date()
    start = datetime.combine(day, time(), reading.timezone).astimezone(UTC)
    end = start + timedelta(days=1)
    tests: Mapping[str, Test] = {
        ">": lambda record: record[name] >= end,
        ">=": lambda record: record[name] >= start,
        "<": lambda record: record[name] < start,
        "<=": lambda record: record[name] < end,
        "=": lambda record: start <= record[name] < end,
    }
    return _known(name, tests[sign])


def number_test(name: str, term: Term) -> Test:
    """Compare one of a record's numbers."""
    try:
        wanted = Decimal(term.value)
    except InvalidOperation:
        raise bad_request(f"Invalid number: {term.value}") from None
    tests: Mapping[str, Test] = {
        ">": lambda record: Decimal(record[name]) > wanted,
        ">=": lambda record: Decimal(record[name]) >= wanted,
        "<": lambda record: Decimal(record[name]) < wanted,
        "<=": lambda record: Decimal(record[name]) <= wanted,
        "=": lambda record: Decimal(record[name]) == wanted,
    }
    return tests[term.sign]


def equals_only(term: Term) -> list[str]:
    """The values of a term that is no comparison, in lower case."""
    if term.sign != "=":
        raise bad_request(f"{term.field} can't be compared by {term.sign}")
    values = [term.value] if term.quoted else term.value.split(",")
    return [each.strip().lower() for each in values]


def text_test(name: str, term: Term) -> Test:
    """Whether a text is one of those named, case ignored."""
    wanted = equals_only(term)
    return lambda record: str(record[name] or "").lower() in wanted


def flag_test(name: str, term: Term) -> Test:
    """Whether a truth value is the one named."""
    wanted = equals_only(term)[0] == "true"
    return lambda record: bool(record[name]) is wanted


def tag_test(name: str, term: Term) -> Test:
    """Whether any of a record's tags is named."""
    wanted = equals_only(term)
    return lambda record: any(each.lower() in wanted for each in split_tags(record[name]))


Make = Callable[[Term, Reading], Test]


def of_time(name: str) -> Make:
    """A filter on a time."""
    return lambda term, reading: time_test(name, term, reading)


def of(make: Callable[[str, Term], Test], name: str) -> Make:
    """A filter that has nothing to do with time."""
    return lambda term, _: make(name, term)


def names_field(query: str | None, field: str) -> bool:
    """Whether a query has a term on ``field``."""
    return any(term.field == field for terms in terms_of(query or "") for term in terms)


def sorted_value(value: Any) -> Any:
    """A value as lists order it and cursors hold it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
