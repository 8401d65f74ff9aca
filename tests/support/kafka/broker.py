"""Real brokers for tests, benchmarks and ``make kafka``: on the loopback, and gone afterwards.

async with kafka_broker(nodes=1) as broker:
    broker.url                # kafka://127.0.0.1:…
    await broker.kill()       # as kill -9 does; broker.stop() lets it finish
    await broker.start()      # the same data, the same address
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.kafka import starting
from tests.support.kafka.certificates import Certificates, certificates_in
from tests.support.kafka.properties import (
    CONTROLLER,
    PASSWORD,
    PLAINTEXT,
    SCRAM,
    SECURED,
    USER,
    Node,
    properties_of,
)

HOST = "127.0.0.1"
_READY = "Kafka Server started"
_READY_SECONDS = 90.0
_LOOK_SECONDS = 0.05
_KEEPER = Path(__file__).with_name("keeper.py")


class BrokerFailedError(Exception):
    """A broker did not come up; the message is the end of what it said."""


@dataclass(slots=True)
class Running:
    """A node's process, and the keeper that runs it."""

    server: int
    keeper: subprocess.Popen[bytes]


@dataclass(slots=True, kw_only=True)
class Broker:
    """One broker or a cluster of them."""

    nodes: Sequence[Node]
    folder: Path
    certificates: Certificates | None
    _running: dict[int, Running] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its address, as ``SHOPSYNC_LOG_URL`` takes it."""
        return self.url_of(PLAINTEXT)

    @property
    def servers(self) -> list[str]:
        """``host:port`` of every node."""
        return [f"{HOST}:{each.ports[PLAINTEXT]}" for each in self.nodes]

    @property
    def pids(self) -> list[int]:
        """The processes of the nodes that run."""
        return [each.server for each in self._running.values()]

    def url_of(self, listener: str) -> str:
        """The address of another listener than the open one."""
        return "kafka://" + ",".join(f"{HOST}:{each.ports[listener]}" for each in self.nodes)

    def said(self, node: int = 0) -> str:
        """What a node wrote so far."""
        return self._output(node).read_text(errors="replace")

    async def start(self, *nodes: int) -> None:
        """Start some nodes, or all that do not run, and wait until they are ready."""
        await asyncio.to_thread(self.start_now, *nodes)

    def start_now(self, *nodes: int) -> None:
        """``start`` for those who have no event loop."""
        wanted = nodes or [each for each in range(len(self.nodes)) if each not in self._running]
        for each in wanted:
            self._output(each).unlink(missing_ok=True)
            self._running[each] = self._started(each)
        deadline = time.monotonic() + _READY_SECONDS
        for each in wanted:
            self._wait_until_ready(each, deadline)

    async def kill(self, *nodes: int) -> None:
        """End some nodes or all at once, as a crash would."""
        await self._end(nodes, signal.SIGKILL)

    async def stop(self, *nodes: int) -> None:
        """End some nodes or all in good order."""
        await self._end(nodes, signal.SIGTERM)

    def freeze(self, node: int = 0) -> None:
        """Let a node answer nothing more, with its connections open."""
        starting.tell(self._name(node), self._running[node].server, signal.SIGSTOP)

    def thaw(self, node: int = 0) -> None:
        """Let a frozen node go on."""
        starting.tell(self._name(node), self._running[node].server, signal.SIGCONT)

    async def _end(self, nodes: Sequence[int], how: signal.Signals) -> None:
        for each in nodes or list(self._running):
            running = self._running.pop(each)
            starting.tell(self._name(each), running.server, how)
            await asyncio.to_thread(running.keeper.wait)

    def _started(self, node: int) -> Running:
        properties = self.nodes[node].folder / "server.properties"
        keeper = subprocess.Popen(
            [
                *(sys.executable, str(_KEEPER), str(self.folder / "users")),
                *(str(self.folder), str(self._output(node))),
                json.dumps(starting.ending(self._name(node))),
                *starting.command(self._name(node), self.folder, "kafka.Kafka", str(properties)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        if keeper.stdout is None:
            raise BrokerFailedError
        with keeper.stdout as said:
            return Running(int(said.readline()), keeper)

    def _wait_until_ready(self, node: int, deadline: float) -> None:
        while _READY not in self.said(node):
            is_late = time.monotonic() > deadline
            if is_late or self._running[node].keeper.poll() is not None:
                raise BrokerFailedError(self.said(node)[-4000:])
            time.sleep(_LOOK_SECONDS)

    def _name(self, node: int) -> str:
        return f"{self.folder.name}-{node}"

    def _output(self, node: int) -> Path:
        path = self.nodes[node].folder / "output"
        path.touch()
        return path


@asynccontextmanager
async def kafka_broker(
    *,
    nodes: int = 1,
    secured: bool = False,
    doors: Sequence[int] = (),
    users: Sequence[str] = (),
) -> AsyncIterator[Broker]:
    """A new cluster of ``nodes``, ready; it is gone with the context, and with this process.

    A ``secured`` one offers TLS and SASL besides the open door, with ``broker.certificates`` and
    the user and password of ``properties``. With ``doors``, one port a node, clients are sent there
    by the nodes: whoever listens there leads them on. With ``users``, a secured one's, who may do
    what rules allow.
    """
    folder = Path(tempfile.mkdtemp(prefix="shopsync-kafka-"))
    with (folder / "users").open("wb") as in_use:
        fcntl.flock(in_use, fcntl.LOCK_SH)
        broker: Broker | None = None
        try:
            broker = await asyncio.to_thread(
                launch, folder, nodes, secured=secured, doors=doors, users=users
            )
            yield broker
        finally:
            if broker is not None:
                await broker.kill()
            shutil.rmtree(folder, ignore_errors=True)


def launch(
    folder: Path,
    nodes: int = 1,
    *,
    secured: bool = False,
    doors: Sequence[int] = (),
    users: Sequence[str] = (),
) -> Broker:
    """Starts a cluster in ``folder``, whose file ``users`` this process holds a shared lock on."""
    starting.made_ready()
    broker = _laid_out(folder, nodes, secured=secured, doors=doors, users=users)
    _format(broker.nodes)
    broker.start_now()
    return broker


def _laid_out(
    place: Path, count: int, *, secured: bool, doors: Sequence[int], users: Sequence[str]
) -> Broker:
    listeners = SECURED if secured else (PLAINTEXT,)
    ports = iter(free_ports(count * (len(listeners) + 1)))
    nodes = [
        Node(
            number=number,
            ports={name: next(ports) for name in (*listeners, CONTROLLER)},
            folder=place / f"node-{number}",
            door=doors[number - 1] if doors else 0,
        )
        for number in range(1, count + 1)
    ]
    certificates = certificates_in(place) if secured else None
    for node in nodes:
        node.folder.mkdir()
        lines = properties_of(node, nodes, certificates, users).items()
        text = "".join(f"{name}={value}\n" for name, value in lines)
        (node.folder / "server.properties").write_text(text)
    return Broker(nodes=nodes, folder=place, certificates=certificates)


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(closing(socket.socket())) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]


def _format(nodes: Sequence[Node]) -> None:
    cluster = _kafka_uuid()
    founders = {node.number: _kafka_uuid() for node in nodes}
    quorum = ",".join(
        f"{node.number}@{HOST}:{node.ports[CONTROLLER]}:{founders[node.number]}" for node in nodes
    )
    who = ("--standalone",) if len(nodes) == 1 else ("--initial-controllers", quorum)
    users = [
        argument
        for mechanism in SCRAM
        for argument in ("--add-scram", f'{mechanism}=[name="{USER}",password="{PASSWORD}"]')
    ]
    tools = [
        subprocess.Popen(
            starting.command(
                f"{node.folder.parent.name}-format-{node.number}",
                node.folder.parent,
                "kafka.tools.StorageTool",
                *("format", "-t", cluster, "-c", str(node.folder / "server.properties")),
                *(*who, *users),
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for node in nodes
    ]
    said = [tool.communicate(timeout=_READY_SECONDS)[0] for tool in tools]
    for tool, text in zip(tools, said, strict=True):
        if tool.returncode:
            raise BrokerFailedError(text[-4000:])


def _kafka_uuid() -> str:
    """As Kafka writes them; one must not begin with a dash, which would look like an option."""
    return "A" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
