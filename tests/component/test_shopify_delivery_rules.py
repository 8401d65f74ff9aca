import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_rule_of_the_deliveries_names_a_test_there_is() -> None:
    rules = tomllib.loads((ROOT / "sandbox" / "rules_delivery.toml").read_text())["shopify"]

    absent = []
    for rule in rules:
        path, _, name = rule["test"].partition("::")
        source = ROOT / path
        if not source.is_file() or not re.search(
            rf"^def {name}\(", source.read_text(), re.MULTILINE
        ):
            absent.append(rule["test"])

    assert rules
    assert absent == []
