"""``shopsync all`` over the simulators, in a process of its own, looked at from outside."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.cli.settings import Settings
from services.cli.watching import Snapshot, snapshot
from services.shared.ledger.engine import opened
from services.shared.ledger.migrating import migrate
from services.shared.runtime.serving import listening_socket
from tests.bench.processes import ended, serving_json
from tests.support.deliveries import request_bytes, signed_headers

_LOOK_SECONDS = 0.5
_SYNCED_OBJECTS = 4
_ALL = """import uvloop
from services.cli.engines import EVERY_PROCESS
from services.cli.processes import run
from services.cli.settings import Settings, loaded
uvloop.run(run(EVERY_PROCESS, loaded(Settings)))"""
_KEY = "a key for benchmarks, of no use elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The running product, where it listens, and what is to be delivered to it."""

    port: int
    settings: Settings
    shop: str
    secret: bytes
    hubspot_url: str
    bodies: Sequence[bytes]
    process: Process

    def request(self, body: bytes, topic: str) -> bytes:
        """A signed delivery as it goes over the wire."""
        headers = signed_headers(body, topic=topic, shop=self.shop, secret=self.secret)
        return request_bytes(body, headers)

    async def calm(self) -> Snapshot:
        """How things stand once nothing is left to do, the first scans included."""
        quiet = 0
        while quiet < 2:
            await asyncio.sleep(_LOOK_SECONDS)
            if self.process.returncode is not None:
                raise RuntimeError(f"the product ended with {self.process.returncode}")
            seen = await snapshot(self.settings)
            quiet = quiet + 1 if seen.is_calm and seen.windows >= _SYNCED_OBJECTS else 0
        return seen


@asynccontextmanager
async def running_product(orders: int) -> AsyncIterator[Product]:
    """The product, just started, with ``orders`` bodies to deliver to it."""
    with tempfile.TemporaryDirectory(prefix="shopsync-bench-") as name:
        folder = Path(name)
        file = folder / "bodies"
        async with serving_json("tests.bench.world", str(file), str(orders)) as said:
            said["port"] = _free_port()
            settings = _settings(folder, said)
            # As at every start but the first of a version, which holds what makes a schema as well.
            async with opened(settings.ledger) as ledger:
                await migrate(ledger)
            process = await _started(folder, said)
            store = said["stores"][0]
            try:
                yield Product(
                    process=process,
                    port=said["port"],
                    settings=settings,
                    shop=store["shop"],
                    secret=store["client_secret"].encode(),
                    hubspot_url=said["hubspot_url"],
                    bodies=file.read_bytes().split(b"\n"),
                )
            finally:
                await ended(process)


async def _started(folder: Path, said: dict[str, Any]) -> Process:
    """As ``shopsync all`` does it, without what the command line asks people."""
    environment = {
        "SHOPSYNC_DATA_DIR": str(folder),
        "SHOPSYNC_ENCRYPTION_KEY": _KEY,
        "SHOPSYNC_HUBSPOT_TOKEN": said["hubspot_token"],
        "SHOPSYNC_HUBSPOT_URL": said["hubspot_url"],
        "SHOPSYNC_SHOPIFY_URL": said["shopify_url"],
        "SHOPSYNC_STORES": json.dumps(said["stores"]),
        "SHOPSYNC_LOG_LEVEL": "WARNING",
        "SHOPSYNC_INGEST_PORT": str(said["port"]),
        "SHOPSYNC_INGEST_METRICS_PORT": "0",
        "SHOPSYNC_SYNCER_METRICS_PORT": "0",
        "SHOPSYNC_RECONCILER_METRICS_PORT": "0",
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _ALL),
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
    )


def _settings(folder: Path, said: dict[str, Any]) -> Settings:
    return Settings.model_validate(
        {
            "data_dir": folder,
            "encryption_key": _KEY,
            "hubspot_token": said["hubspot_token"],
            "stores": said["stores"],
        }
    )


def _free_port() -> int:
    with listening_socket("127.0.0.1", 0) as free:
        return int(free.getsockname()[1])
