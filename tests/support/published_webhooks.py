"""Shopify's published webhook schemas and samples, and how a payload differs from them."""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

import jsonschema

from tests.support.npm import WEBHOOKS


def sample(version: str, topic: str) -> dict[str, Any]:
    """The published sample body."""
    path = WEBHOOKS / "metadatas" / version / f"{topic}.json"
    return cast("dict[str, Any]", json.loads(path.read_text())["response"])


def schema_errors(version: str, topic: str, payload: Any) -> Iterator[tuple[str, str]]:
    """Where the payload breaks the published JSON Schema: path and message.

    A key that is missing stands in brackets: ``customer.(default_address)``.
    """
    schema = json.loads((WEBHOOKS / "schemas" / version / f"{topic}.json").read_text())
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    for error in validator.iter_errors(payload):
        path = re.sub(r"\[\d+\]", "[]", error.json_path.removeprefix("$").removeprefix("."))
        missing = re.fullmatch(r"'(\w+)' is a required property", error.message)
        if missing:
            path = f"{path}.({missing[1]})".removeprefix(".")
        yield path, error.message[:200]


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Where keys or JSON types differ; what the sample leaves open (null, []) decides nothing."""
    if ours is None or theirs is None:
        return
    if _kind(ours) != _kind(theirs):
        yield path, f"{_kind(ours)}, not {_kind(theirs)}"
    elif isinstance(ours, dict):
        for key in ours.keys() ^ theirs.keys():
            where = "missing" if key in theirs else "not in the sample"
            yield f"{path}.{key}".removeprefix("."), where
        for key in ours.keys() & theirs.keys():
            yield from differences(ours[key], theirs[key], f"{path}.{key}".removeprefix("."))
    elif isinstance(ours, list) and theirs:
        for each in ours:
            yield from differences(each, theirs[0], f"{path}[]")


def _kind(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__
