"""The way to a cluster: what every client of ours is made with."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition

from services.shared.contract.errors import OursToFixError
from services.shared.contract.events import Partition
from services.shared.log.address import KafkaCluster, Security

CLIENT_ID = "shopsync"
# A broker that does not answer for so long is given up, and the request is sent to another.
REQUEST_SECONDS = 10.0
METADATA_SECONDS = 30.0
_RETRY_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way to one cluster, with its certificates read."""

    cluster: KafkaCluster
    tls: ssl.SSLContext | None

    def options(self, role: str) -> dict[str, Any]:
        """The arguments that aiokafka's producer, consumer and admin client share."""
        security = self.cluster.security
        chosen: dict[str, Any] = {
            "bootstrap_servers": list(self.cluster.servers),
            "client_id": f"{CLIENT_ID}-{role}",
            "request_timeout_ms": int(REQUEST_SECONDS * 1000),
            "metadata_max_age_ms": int(METADATA_SECONDS * 1000),
            "retry_backoff_ms": int(_RETRY_SECONDS * 1000),
            "security_protocol": security.protection.value,
            "ssl_context": self.tls,
        }
        if security.protection.has_sasl:
            chosen |= {
                "sasl_mechanism": security.mechanism.value,
                "sasl_plain_username": security.username,
                "sasl_plain_password": security.password,
            }
        return chosen

    def outer(self, name: str) -> str:
        """Our topic's or group's name on the cluster."""
        return self.cluster.prefix + name

    def inner(self, name: str) -> str:
        """The name without what stands before it on the cluster."""
        return name.removeprefix(self.cluster.prefix)

    def home(self, partition: Partition) -> TopicPartition:
        """Where a partition of ours is on the cluster."""
        return TopicPartition(self.outer(partition.topic), partition.number)

    def partition(self, home: TopicPartition) -> Partition:
        """Which partition of ours is there."""
        return Partition(self.inner(home.topic), home.partition)


def way_to(cluster: KafkaCluster) -> Way:
    """The way to ``cluster``.

    Raises:
        OursToFixError: a certificate cannot be read, or user name and password are missing.
    """
    security = cluster.security
    if security.protection.has_sasl and not (security.username and security.password):
        raise OursToFixError("kafka_login_missing", detail="user name and password are needed")
    try:
        tls = _tls(security) if security.protection.is_encrypted else None
    except (OSError, ssl.SSLError) as problem:
        raise OursToFixError("kafka_certificate", detail=type(problem).__name__) from problem
    return Way(cluster=cluster, tls=tls)


def _tls(security: Security) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=security.ca_file)
    if security.certificate_file is not None:
        context.load_cert_chain(
            security.certificate_file,
            security.key_file,
            lambda: security.key_password,
        )
    return context
