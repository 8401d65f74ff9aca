"""Processes of tests have the settings they are given, and no developer's."""

from __future__ import annotations

import os

from services.cli.places import PREFIX


def forget_settings() -> None:
    """Take the product's settings out of this process' environment; those of tests stay."""
    for name in [*os.environ]:
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_"):
            del os.environ[name]
