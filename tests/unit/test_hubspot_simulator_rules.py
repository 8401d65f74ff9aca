"""The list of rules is true: each names a test that exists, and each test module is complete."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TABLES: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (ROOT / "sandbox" / "rules.toml").read_text(encoding="utf-8")
)
RULES = [rule for rules in TABLES.values() for rule in rules]


def names_in(module: str) -> set[str]:
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    return {
        each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["rule"][:40])
def test_every_rule_names_a_test_that_exists(rule: dict[str, str]) -> None:
    module, _, name = rule["test"].partition("::")
    assert rule["section"]
    assert name in names_in(module)


def test_no_rule_is_listed_twice() -> None:
    said = [each["rule"] for each in RULES]
    assert len(said) == len(set(said))
