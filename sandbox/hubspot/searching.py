"""``/search`` of objects: filters, sorting, the 10,000 ceiling, and what it does not see yet.

https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import Answer, Call, integer_in, objects_in, texts_in
from sandbox.hubspot.indexing import Seen
from sandbox.hubspot.objects import OBJECT_TYPES
from sandbox.hubspot.problems import Json, invalid
from sandbox.hubspot.shapes import asked, existing, record_json
from sandbox.hubspot.values import Definition, checked

PAGE_DEFAULT = 10
PAGE_MOST = 200
CEILING = 10_000
BODY_MOST = 3_000
GROUPS_MOST = 5
FILTERS_PER_GROUP = 6
FILTERS_MOST = 18

Comparable = Decimal | str
Hit = tuple[str, Seen]
QUERIED = ("email", "firstname", "lastname", "phone", "name", "hs_sku", "hs_order_name",
           "hs_cart_name", "description")  # fmt: skip


def search(account: Account, call: Call) -> Answer:
    """A page of what the index shows; archived records never appear."""
    object_type = call.object_type()
    if len(call.body) > BODY_MOST:
        raise invalid(f"The request body must not have more than {BODY_MOST} characters")
    body = call.json()
    limit, after = _paging(body)
    hits = _hits(account, object_type, body)
    page = hits[after : after + limit]
    answer: Json = {"total": len(hits), "results": []}
    names = existing(account, object_type, asked(object_type, texts_in(body, "properties")))
    for record_id, seen in page:
        record = account.records[object_type].by_id[record_id]
        shown = record_json(account, object_type, record, names)
        shown["properties"] = {name: seen.get(name) for name in names}
        shown["updatedAt"] = seen[OBJECT_TYPES[object_type].modified]
        answer["results"].append(shown)
    if after + limit < len(hits):
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return Answer(200, answer)


def _paging(body: Json) -> tuple[int, int]:
    limit = integer_in(body, "limit", PAGE_DEFAULT) or PAGE_DEFAULT
    said = body.get("after") or "0"
    if not 0 < limit <= PAGE_MOST:
        raise invalid(f"limit must be between 1 and {PAGE_MOST}")
    if not str(said).isdecimal():
        raise invalid("after must be an integer")
    after = int(said)
    if after + limit > CEILING:
        raise invalid(f"Search returns at most {CEILING} results; there are no pages beyond")
    return limit, after


def _hits(account: Account, object_type: str, body: Json) -> list[Hit]:
    account.index.catch_up(account.now().timestamp() - account.switches.search_lag_seconds)
    groups = _groups(account, object_type, body)
    words = str(body.get("query") or "").lower()
    hits = [
        hit
        for hit in account.index.of(object_type, account.records[object_type].by_id.values())
        if hit[0] in account.records[object_type].by_id
        and _matches(hit[1], groups)
        and (not words or any(words in hit[1].get(each, "").lower() for each in QUERIED))
    ]
    return _sorted(account, object_type, body, hits)


def _sorted(account: Account, object_type: str, body: Json, hits: list[Hit]) -> list[Hit]:
    sorts = body.get("sorts") or []
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise invalid("Only one sort is allowed")
    if not sorts:
        return sorted(hits, key=lambda hit: int(hit[0]))
    said = sorts[0]
    if isinstance(said, dict):
        name, descending = said.get("propertyName"), said.get("direction") == "DESCENDING"
    else:
        name, descending = str(said).removeprefix("-"), str(said).startswith("-")
    definition = _definition(account, object_type, str(name))
    key = definition.name

    def place(hit: Hit) -> tuple[bool, Comparable, int]:
        value = hit[1].get(key)
        empty: Comparable = Decimal(0) if definition.type == "number" else ""
        return value is None, _comparable(definition, value) if value else empty, int(hit[0])

    return sorted(hits, key=place, reverse=descending)


Test = Callable[[Seen], bool]


def _groups(account: Account, object_type: str, body: Json) -> list[list[Test]]:
    groups = [objects_in(each, "filters") for each in objects_in(body, "filterGroups")]
    counts = [len(each) for each in groups]
    if len(groups) > GROUPS_MOST:
        raise invalid(f"At most {GROUPS_MOST} filterGroups are allowed")
    if any(each > FILTERS_PER_GROUP for each in counts) or sum(counts) > FILTERS_MOST:
        raise invalid(
            f"At most {FILTERS_PER_GROUP} filters per group and {FILTERS_MOST} in all are allowed"
        )
    return [[_test(account, object_type, each) for each in group] for group in groups]


def _matches(seen: Seen, groups: list[list[Test]]) -> bool:
    return not groups or any(all(test(seen) for test in group) for group in groups)


def _definition(account: Account, object_type: str, name: str) -> Definition:
    definition = account.schemas[object_type].properties.get(name)
    if definition is None:
        raise invalid(f"There is no property {name}")
    return definition


def _comparable(definition: Definition, value: str) -> Comparable:
    if definition.type == "number":
        try:
            return Decimal(value)
        except InvalidOperation as error:
            raise invalid(f"{value} was not a valid number") from error
    if definition.type in {"datetime", "date"}:
        return str(checked(definition, value))
    return value.lower()


def _test(account: Account, object_type: str, given: Json) -> Test:
    definition = _definition(account, object_type, str(given.get("propertyName")))
    name, operator = definition.name, str(given.get("operator"))
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        return lambda seen: (name in seen) == (operator == "HAS_PROPERTY")
    compare = _OPERATORS.get(operator)
    if compare is None:
        raise invalid(f"{operator} is not a search operator")
    against = _operands(definition, operator, given)

    def test(seen: Seen) -> bool:
        value = seen.get(name)
        if value is None:
            return operator in {"NEQ", "NOT_IN", "NOT_CONTAINS_TOKEN"}
        return compare(_comparable(definition, value), against)

    return test


def _operands(definition: Definition, operator: str, given: Json) -> list[Comparable]:
    if operator in {"IN", "NOT_IN"}:
        said = given.get("values")
    elif operator == "BETWEEN":
        said = [given.get("value"), given.get("highValue")]
    else:
        said = [given.get("value")]
    if not isinstance(said, list) or not said or any(each in (None, "") for each in said):
        raise invalid(f"{operator} needs a value")
    return [_comparable(definition, str(each)) for each in said]


def _has_token(value: Comparable, against: list[Comparable]) -> bool:
    token = str(against[0])
    bare = token.strip("*")
    if bare != token:
        return bare in str(value)
    return bare in str(value).replace("@", " ").replace(".", " ").split() or bare == str(value)


# Both sides of a comparison come from one definition, so they are of one type.
_OPERATORS: dict[str, Callable[[Any, list[Any]], bool]] = {
    "EQ": lambda value, against: bool(value == against[0]),
    "NEQ": lambda value, against: bool(value != against[0]),
    "GT": lambda value, against: bool(value > against[0]),
    "GTE": lambda value, against: bool(value >= against[0]),
    "LT": lambda value, against: bool(value < against[0]),
    "LTE": lambda value, against: bool(value <= against[0]),
    "BETWEEN": lambda value, against: bool(against[0] <= value <= against[1]),
    "IN": lambda value, against: value in against,
    "NOT_IN": lambda value, against: value not in against,
    "CONTAINS_TOKEN": _has_token,
    "NOT_CONTAINS_TOKEN": lambda value, against: not _has_token(value, against),
}
