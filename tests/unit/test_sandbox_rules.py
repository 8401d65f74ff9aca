"""The lists of rules are true: each names a test there is, and where the rule comes from."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sandbox.expected.tables import tables

ROOT = Path(__file__).parents[2]
SANDBOX = ROOT / "sandbox"
FILES = sorted(SANDBOX.glob("rules*.toml"))
RULES = [
    (vendor, rule)
    for file in FILES
    for vendor, rules in tomllib.loads(file.read_text("utf-8")).items()
    for rule in rules
]


@cache
def functions_in(module: str) -> frozenset[str]:
    tree = ast.parse((ROOT / module).read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(each.name for each in tree.body if isinstance(each, functions))


@cache
def sources() -> frozenset[tuple[str, str]]:
    """Vendor and section of every row of the page of sources."""
    found: set[tuple[str, str]] = set()
    vendor = ""
    for line in (SANDBOX / "sources.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            vendor = line.removeprefix("## ").lower()
        elif row := re.match(r"\| ([\d.]+|all) \|", line):
            found.add((vendor, row.group(1)))
    return frozenset(found)


@pytest.mark.parametrize(("vendor", "rule"), RULES, ids=lambda each: str(each)[:60])
def test_every_rule_names_a_test_that_exists_and_a_source(
    vendor: str, rule: dict[str, Any]
) -> None:
    module, _, name = rule["test"].partition("::")

    assert name in functions_in(module)
    assert (vendor, rule["section"]) in sources()


def test_every_row_of_the_tables_names_a_source() -> None:
    named = {tuple(row.fact.split()) for rows in tables().values() for row in rows}

    assert named <= sources()


def test_every_source_is_used() -> None:
    by_rules = {(vendor, rule["section"]) for vendor, rule in RULES}
    by_tables = {tuple(row.fact.split()) for rows in tables().values() for row in rows}

    assert by_rules | by_tables == sources()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_rule_is_listed_twice(file: Path) -> None:
    said = [
        rule["rule"] for rules in tomllib.loads(file.read_text("utf-8")).values() for rule in rules
    ]

    assert len(said) == len(set(said))
