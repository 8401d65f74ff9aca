"""Processes of tests have the settings they are given, and no developer's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from services.cli.places import PREFIX
from tests.support.deliveries import SECRET, SHOP


def forget_settings() -> None:
    """Take the product's settings out of this process' environment; those of tests stay."""
    for name in [*os.environ]:
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_"):
            del os.environ[name]


def environment(folder: Path, port: int) -> Mapping[str, str]:
    """Of an ingest by itself: its data in ``folder``, one store, webhooks on ``port``."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("SHOPSYNC_")},
        "SHOPSYNC_DATA_DIR": str(folder),
        "SHOPSYNC_ENCRYPTION_KEY": "a passphrase of a test",
        "SHOPSYNC_HUBSPOT_TOKEN": "token",
        "SHOPSYNC_SHOP": SHOP,
        "SHOPSYNC_CLIENT_ID": "client",
        "SHOPSYNC_CLIENT_SECRET": SECRET.decode(),
        "SHOPSYNC_INGEST_PORT": str(port),
        "SHOPSYNC_INGEST_METRICS_PORT": "0",
        "SHOPSYNC_LOG_LEVEL": "WARNING",
    }
