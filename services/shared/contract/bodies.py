"""The bodies of answers and events, before anybody knows what is in them."""

from __future__ import annotations

from typing import Any

import orjson


def json_object(body: bytes) -> dict[str, Any] | None:
    """``body`` as a JSON object, or None if it is anything else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
