"""What the simulator serves is part of the Admin schema Shopify publishes, to the letter."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from graphql import introspection_from_schema

from sandbox.shopify.graph.executing import schema
from tests.support import npm

pytestmark = pytest.mark.node
Type = dict[str, Any]


def by_name(items: Any) -> dict[str, Any]:
    return {each["name"]: each for each in items or ()}


@lru_cache(maxsize=1)
def published() -> dict[str, Type]:
    return by_name(npm.admin_schema("2026-10")["__schema"]["types"])


@lru_cache(maxsize=1)
def served() -> dict[str, Type]:
    types = introspection_from_schema(schema())["__schema"]["types"]
    return {name: each for name, each in by_name(types).items() if not name.startswith("__")}


def spelt(given: Type) -> str:
    match given["kind"]:
        case "NON_NULL":
            return f"{spelt(given['ofType'])}!"
        case "LIST":
            return f"[{spelt(given['ofType'])}]"
        case _:
            return str(given["name"])


def differing_inputs(where: str, ours: Any, theirs: Any) -> Iterator[str]:
    known, real = by_name(ours), by_name(theirs)
    for name, each in known.items():
        if name not in real:
            yield f"{where}({name}) is invented"
        elif spelt(each["type"]) != spelt(real[name]["type"]):
            yield f"{where}({name}) is {spelt(real[name]['type'])}"
        elif each.get("defaultValue") != real[name].get("defaultValue"):
            yield f"{where}({name}) defaults to {real[name].get('defaultValue')}"
    for name, each in real.items():
        required = each["type"]["kind"] == "NON_NULL" and each.get("defaultValue") is None
        if required and name not in known:
            yield f"{where}({name}) is required"


def differing_fields(name: str, ours: Type, theirs: Type) -> Iterator[str]:
    real = by_name(theirs["fields"])
    for field in ours["fields"] or ():
        where = f"{name}.{field['name']}"
        if field["name"] not in real:
            yield f"{where} is invented"
            continue
        known = real[field["name"]]
        if spelt(field["type"]) != spelt(known["type"]):
            yield f"{where} is {spelt(known['type'])}"
        yield from differing_inputs(where, field["args"], known["args"])


def differences(name: str) -> Iterator[str]:
    ours, theirs = served()[name], published().get(name)
    if theirs is None or theirs["kind"] != ours["kind"]:
        yield f"{name} is invented"
        return
    yield from differing_fields(name, ours, theirs)
    yield from differing_inputs(name, ours["inputFields"], theirs["inputFields"])
    for part in ("enumValues", "interfaces", "possibleTypes"):
        invented = set(by_name(ours[part])) - set(by_name(theirs[part]))
        yield from (f"{name}.{part}: {each} is invented" for each in sorted(invented))


def test_the_published_schema_is_there() -> None:
    assert "Order" in published()


def test_every_type_field_and_argument_stands_in_the_published_schema() -> None:
    found = [each for name in sorted(served()) for each in differences(name)]

    assert found == []


def test_the_comparison_notices_an_invention() -> None:
    invented = {"name": "guess", "args": [], "type": {"kind": "SCALAR", "name": "Int"}}
    order = served()["Order"]
    ours = {**order, "fields": [*order["fields"], invented]}

    assert list(differing_fields("Order", ours, published()["Order"])) == [
        "Order.guess is invented"
    ]
