"""Where a log is: a file, or a Kafka cluster with the way in. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

SQLITE, KAFKA = "sqlite", "kafka"
DEFAULT_PORT = 9092
EXPECTED = "must be sqlite:///FILE or kafka://HOST:PORT,HOST:PORT"


class Protection(StrEnum):
    """How a connection to Kafka is protected, in Kafka's own words (``security.protocol``)."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken."""
        return self in (Protection.SSL, Protection.SASL_SSL)

    @property
    def has_sasl(self) -> bool:
        """Whether a user name and a password are given."""
        return self in (Protection.SASL_PLAINTEXT, Protection.SASL_SSL)


class Mechanism(StrEnum):
    """How a password is proved (``sasl.mechanism``)."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """The way in. Files are PEM; without ``ca_file`` the system's authorities are trusted."""

    protection: Protection = Protection.PLAINTEXT
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    key_password: str = field(default="", repr=False)
    mechanism: Mechanism = Mechanism.SCRAM_SHA_512
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteFile:
    """The embedded log."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaCluster:
    """A cluster, by some of its ``host:port``.

    ``prefix`` stands before the name of every topic and group of ours, so that several
    installations can share a cluster.
    """

    servers: tuple[str, ...]
    security: Security = field(default_factory=Security)
    prefix: str = ""


LogAddress = SqliteFile | KafkaCluster


def address_of(url: str, security: Security | None = None, prefix: str = "") -> LogAddress:
    """Where ``url`` leads. A relative file has three slashes, an absolute one four.

    Raises:
        ValueError: it is neither kind of address; the message quotes nothing.
    """
    parts = urlsplit(url)
    if parts.scheme == SQLITE and not parts.netloc and len(parts.path) > 1:
        return SqliteFile(path=Path(unquote(parts.path[1:])))
    if parts.scheme == KAFKA and not parts.path.strip("/"):
        servers = tuple(_server(each) for each in parts.netloc.split(","))
        return KafkaCluster(servers=servers, security=security or Security(), prefix=prefix)
    raise ValueError(EXPECTED)


def _server(text: str) -> str:
    found = urlsplit(f"//{text}")
    if not found.hostname or found.username or found.password:
        raise ValueError(EXPECTED)
    host = f"[{found.hostname}]" if ":" in found.hostname else found.hostname
    return f"{host}:{found.port or DEFAULT_PORT}"
