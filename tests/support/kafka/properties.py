"""The settings of the brokers we start. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.kafka.certificates import Certificates

PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL = "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"
CONTROLLER = "CONTROLLER"
SECURED = (PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL)
SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-512")
USER, PASSWORD = "shopsync", "a password of the tests"
_HOST = "127.0.0.1"
_JAAS = "org.apache.kafka.common.security"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node, broker and controller in one; ``ports`` by listener's name.

    ``door``, if any, is the port that clients are sent to instead of the open listener's own.
    """

    number: int
    ports: Mapping[str, int]
    folder: Path
    door: int = 0

    @property
    def data(self) -> Path:
        """Where its log is."""
        return self.folder / "data"

    def advertised(self, listener: str) -> int:
        """The port that clients of a listener are told."""
        return self.door if self.door and listener == PLAINTEXT else self.ports[listener]


def properties_of(
    node: Node,
    nodes: Sequence[Node],
    certificates: Certificates | None,
    users: Sequence[str] = (),
) -> dict[str, str]:
    """What stands in ``server.properties`` of ``node``.

    With ``users`` nobody may do anything that no rule allows, except through the open door. All
    have the same password.
    """
    copies = min(len(nodes), 3)
    listeners = ",".join(f"{name}://{_HOST}:{port}" for name, port in node.ports.items())
    offered = [name for name in node.ports if name != CONTROLLER]
    base = {
        "process.roles": "broker,controller",
        "node.id": str(node.number),
        "controller.quorum.bootstrap.servers": ",".join(
            f"{_HOST}:{each.ports[CONTROLLER]}" for each in nodes
        ),
        "listeners": listeners,
        "advertised.listeners": ",".join(f"{n}://{_HOST}:{node.advertised(n)}" for n in offered),
        "listener.security.protocol.map": ",".join(
            [f"{CONTROLLER}:PLAINTEXT", *(f"{name}:{name}" for name in offered)]
        ),
        "controller.listener.names": CONTROLLER,
        "inter.broker.listener.name": PLAINTEXT,
        "log.dirs": str(node.data),
        "auto.create.topics.enable": "false",
        "default.replication.factor": str(copies),
        "min.insync.replicas": str(min(copies, 2)),
        "offsets.topic.replication.factor": str(copies),
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.min.isr": str(min(copies, 2)),
        "transaction.state.log.num.partitions": "2",
        "share.coordinator.state.topic.replication.factor": str(copies),
        "share.coordinator.state.topic.min.isr": "1",
        # A new group need not wait for members to come, nor a dead one be believed alive for long.
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        "broker.session.timeout.ms": "3000",
        "controlled.shutdown.max.retries": "0",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "log.cleaner.dedupe.buffer.size": "4194304",
    }
    rules = _RULES if users else {}
    return base | rules | (_secured(certificates, users) if certificates else {})


_RULES = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "false",
    "super.users": "User:ANONYMOUS",
}


def _secured(certificates: Certificates, users: Sequence[str]) -> dict[str, str]:
    known = " ".join(f'user_{each}="{PASSWORD}"' for each in (USER, *users))
    plain = f"{_JAAS}.plain.PlainLoginModule required {known};"
    scram = f"{_JAAS}.scram.ScramLoginModule required;"
    settings = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificates.broker),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificates.authority),
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": ",".join(("PLAIN", *SCRAM)),
    }
    for listener in (SASL_PLAINTEXT, SASL_SSL):
        name = f"listener.name.{listener.lower()}"
        settings[f"{name}.plain.sasl.jaas.config"] = plain
        for mechanism in SCRAM:
            settings[f"{name}.{mechanism.lower()}.sasl.jaas.config"] = scram
    return settings
