"""Servers, wires and processes of a run, on the engines it is about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from services.cli.places import Places
from tests.chaos.links import Link, linked
from tests.chaos.plan import Engines
from tests.chaos.shadowing import shadows_in
from tests.chaos.world import World
from tests.support.fleet import Fleet, Member
from tests.support.installation import environment_for
from tests.support.kafka.broker import Broker, free_ports, kafka_broker
from tests.support.postgres import Postgres, started

_BROKERS: Mapping[Engines, int] = {Engines.SQLITE: 0, Engines.KAFKA: 1, Engines.KAFKA3: 3}
ALONE = ("all",)
MANY = ("ingest-1", "ingest-2", "syncer-1", "syncer-2", "reconciler-1", "reconciler-2")


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything that runs. ``places`` are log and ledger as we look at them, past the wires."""

    engines: Engines
    folder: Path
    world: World
    links: dict[str, Link]
    broker: Broker | None
    postgres: Postgres | None
    fleet: Fleet
    places: Places
    preloaded: str
    busy: dict[str, asyncio.Lock] = field(default_factory=dict)

    @property
    def webhook_url(self) -> str:
        """Where Shopify delivers."""
        return f"http://127.0.0.1:{self.links['webhooks'].port}/webhooks/shopify"

    @property
    def disk_full(self) -> Path:
        """While this file exists, the disk of the embedded log is full."""
        return self.folder / "disk-full"

    def start(self, name: str) -> Member:
        """Start the process of that name, and keep it running."""
        own = {
            "SHOPSYNC_DATA_DIR": str(self.folder / "data" / name),
            "SHOPSYNC_INGEST_SHARES_PORT": "true",
        }
        if self.preloaded:
            own |= {"LD_PRELOAD": self.preloaded, "CHAOS_DISK_FULL": str(self.disk_full)}
        return self.fleet.add(name, name.partition("-")[0], **own)

    def lock(self, name: str) -> asyncio.Lock:
        """Held by whoever does something to this at the moment."""
        return self.busy.setdefault(name, asyncio.Lock())


@asynccontextmanager
async def set_up(
    engines: Engines, folder: Path, world: World, processes: Sequence[str] = ()
) -> AsyncIterator[Stage]:
    """All of it, started; gone with the context and with this process.

    ``processes`` by name; those of ``ALONE`` or ``MANY`` if none are given.
    """
    async with AsyncExitStack() as stack:
        count = _BROKERS[engines]
        names = [f"kafka-{number}" for number in range(1, count + 1)]
        wanted = ["hubspot", "shopify", "webhooks", *names, *(["postgresql"] if count else [])]
        links = await stack.enter_async_context(linked(dict.fromkeys(wanted, 0)))
        links["hubspot"].to_port = _port_of(world.hubspot_url)
        links["shopify"].to_port = _port_of(world.shopify_url)
        links["webhooks"].to_port = free_ports(1)[0]
        env, places = _environment(world, links, folder), Places(data_dir=folder / "data" / "all")
        broker, postgres = None, None
        if count:
            postgres = await asyncio.to_thread(started)
            stack.callback(postgres.close)
            doors = [links[each].port for each in names]
            broker = await stack.enter_async_context(kafka_broker(nodes=count, doors=doors))
            places = _wire(env, links, broker, postgres)
        fleet = await stack.enter_async_context(Fleet(folder, env))
        if count:
            await fleet.run("topics", "--apply")
        library = shadows_in(folder)
        stage = Stage(
            engines=engines,
            folder=folder,
            world=world,
            links=links,
            broker=broker,
            postgres=postgres,
            fleet=fleet,
            places=places,
            preloaded=str(library) if library else "",
        )
        for name in processes or (MANY if count else ALONE):
            stage.start(name)
        yield stage


def _environment(world: World, links: Mapping[str, Link], folder: Path) -> dict[str, str]:
    sandbox = {
        "hubspot_token": world.hubspot.token,
        "hubspot_url": f"http://127.0.0.1:{links['hubspot'].port}",
        "shopify_url": f"http://127.0.0.1:{links['shopify'].port}",
        "stores": world.stores(),
    }
    return environment_for(folder, sandbox) | {
        "SHOPSYNC_PUBLIC_URL": f"http://127.0.0.1:{links['webhooks'].port}",
        "SHOPSYNC_INGEST_PORT": str(links["webhooks"].to_port),
    }


def _wire(
    env: dict[str, str], links: Mapping[str, Link], broker: Broker, postgres: Postgres
) -> Places:
    """Lead the processes to both servers by the wires; how we get there ourselves."""
    for number, node in enumerate(broker.nodes, 1):
        links[f"kafka-{number}"].to_port = node.ports["PLAINTEXT"]
    ledger = postgres.database("postgres")
    links["postgresql"].to_port = _port_of(ledger)
    doors = ",".join(f"127.0.0.1:{link.port}" for name, link in links.items() if "kafka" in name)
    env["SHOPSYNC_LOG_URL"] = f"kafka://{doors}"
    env["SHOPSYNC_LEDGER_URL"] = _through(ledger, links["postgresql"].port)
    return Places.model_validate({"ledger_url": ledger, "log_url": broker.url})


def _port_of(url: str) -> int:
    port = urlsplit(url).port
    if port is None:
        raise ValueError("no port")
    return port


def _through(url: str, port: int) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}"))
