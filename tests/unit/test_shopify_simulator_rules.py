"""Every rule the Shopify simulator claims to keep names a test there is."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = ROOT / "sandbox/rules_shopify.toml"


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {each.name for each in tree.body if isinstance(each, functions)}


def test_every_rule_names_a_test_that_exists() -> None:
    rules = tomllib.loads(RULES.read_text("utf-8"))["shopify"]
    missing = []
    for rule in rules:
        path, _, name = rule["test"].partition("::")
        if not (ROOT / path).exists() or name not in names_in(ROOT / path):
            missing.append(rule["test"])

    assert len(rules) > 50
    assert missing == []
