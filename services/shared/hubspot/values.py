"""Values in HubSpot's JSON, whatever stands there instead of what is promised. Total."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mappings_in(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list; none if it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text_in(value: Any) -> str:
    """A text, or a whole number as text; empty if it is neither."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
