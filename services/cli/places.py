"""Where the product keeps what it remembers, from the environment (``SHOPSYNC_…``) and ``.env``."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.shared.ledger.address import check as check_ledger_address
from services.shared.log.address import (
    LogAddress,
    Mechanism,
    Protection,
    Security,
    SqliteFile,
)
from services.shared.log.address import address_of as log_address_of

PREFIX = "SHOPSYNC_"


class Places(BaseSettings):
    """Where the product keeps what it remembers: all that looking at it needs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    data_dir: Path = Path("data")
    ledger_url: str = ""
    # Of PostgreSQL alone: connections a process may have, and how long it waits, in seconds.
    ledger_connections: PositiveInt = 10
    ledger_connect_seconds: PositiveFloat = 5.0
    ledger_statement_seconds: PositiveFloat = 15.0
    ledger_lock_seconds: PositiveFloat = 5.0
    # Not behind a pooling proxy in transaction mode that knows no prepared statements.
    ledger_keeps_statements: bool = False
    log_url: str = ""
    kafka_topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    kafka_security: Protection = Protection.PLAINTEXT
    kafka_ca_file: Path | None = None
    kafka_certificate_file: Path | None = None
    kafka_key_file: Path | None = None
    kafka_key_password: SecretStr = SecretStr("")
    kafka_mechanism: Mechanism = Mechanism.SCRAM_SHA_512
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")

    @field_validator("ledger_url")
    @classmethod
    def _leads_to_a_ledger(cls, url: str) -> str:
        if url:
            check_ledger_address(url)
        return url

    @field_validator("log_url")
    @classmethod
    def _leads_to_a_log(cls, url: str) -> str:
        if url:
            log_address_of(url)
        return url

    @property
    def ledger(self) -> str:
        """The ledger's address: ``ledger_url``, or a file in ``data_dir``."""
        return self.ledger_url or f"sqlite+aiosqlite:///{self.data_dir / 'ledger.sqlite'}"

    @property
    def log(self) -> LogAddress:
        """Where the log is: ``log_url``, or a file in ``data_dir``."""
        if not self.log_url:
            return SqliteFile(path=self.data_dir / "log.sqlite")
        return log_address_of(self.log_url, self._kafka_way_in, self.kafka_topic_prefix)

    @property
    def _kafka_way_in(self) -> Security:
        return Security(
            protection=self.kafka_security,
            ca_file=self.kafka_ca_file,
            certificate_file=self.kafka_certificate_file,
            key_file=self.kafka_key_file,
            key_password=self.kafka_key_password.get_secret_value(),
            mechanism=self.kafka_mechanism,
            username=self.kafka_username,
            password=self.kafka_password.get_secret_value(),
        )
