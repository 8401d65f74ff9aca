"""The settings of all processes, from the environment (``SHOPSYNC_…``) and a file ``.env``.

They are complete or no process starts: :func:`loaded` reports every problem at once, and no
problem quotes a value, which may be a secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.shared.contract.errors import OursToFixError
from services.shared.log.address import (
    LogAddress,
    Mechanism,
    Protection,
    Security,
    SqliteFile,
)
from services.shared.log.address import address_of as log_address_of
from services.shared.shopify.address import address_of

PREFIX = "SHOPSYNC_"
SHORTEST_KEY = 16
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_NO_STORE = (
    "no store is given: set SHOPSYNC_SHOP with SHOPSYNC_CLIENT_ID and SHOPSYNC_CLIENT_SECRET "
    "(or SHOPSYNC_ADMIN_TOKEN), or SHOPSYNC_STORES"
)
_SINGLE = ("shop", "client_id", "client_secret", "previous_secret", "admin_token")


class SettingsError(OursToFixError):
    """Settings are missing or wrong; ``problems`` has one line each, without values."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("bad_settings", detail="; ".join(problems))
        self.problems = tuple(problems)


class StoreSettings(BaseModel):
    """One store: its full host, and an app's credentials, an admin token, or both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shop: str
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    previous_secret: SecretStr = SecretStr("")
    admin_token: SecretStr = SecretStr("")

    @field_validator("shop")
    @classmethod
    def _is_a_shop(cls, shop: str) -> str:
        try:
            return address_of(shop.strip().lower()).host
        except OursToFixError:
            raise ValueError("must be the full host, like acme.myshopify.com") from None

    @property
    def shortfall(self) -> str:
        """What is missing to call the store; empty if nothing is."""
        if self.admin_token.get_secret_value():
            return ""
        if self.client_id and self.client_secret.get_secret_value():
            return ""
        return "needs client_id and client_secret, or an admin_token"


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


class Settings(Places):
    """Everything the processes need. Times in seconds."""

    encryption_key: SecretStr
    hubspot_token: SecretStr
    hubspot_url: AnyHttpUrl = AnyHttpUrl("https://api.hubapi.com")
    shopify_url: AnyHttpUrl | None = None
    public_url: AnyHttpUrl | None = None

    shop: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    previous_secret: SecretStr = SecretStr("")
    admin_token: SecretStr = SecretStr("")
    # After the single store's fields and public_url, which its validator looks at.
    stores: Annotated[tuple[StoreSettings, ...], NoDecode] = Field(
        default=(), validate_default=True
    )

    abandoned_after: PositiveFloat = 900.0
    scan_every: PositiveFloat = 60.0
    since: date | None = None
    yes: bool = False

    metrics_host: str = "127.0.0.1"
    syncer_metrics_port: NonNegativeInt = Field(default=9101, le=65535)
    reconciler_metrics_port: NonNegativeInt = Field(default=9102, le=65535)
    log_format: Literal["json", "console"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("encryption_key")
    @classmethod
    def _keys_are_long(cls, keys: SecretStr) -> SecretStr:
        if any(len(each) < SHORTEST_KEY for each in _keys_in(keys)):
            raise ValueError(f"every key must have {SHORTEST_KEY} characters or more")
        return keys

    @field_validator("hubspot_token")
    @classmethod
    def _is_there(cls, token: SecretStr) -> SecretStr:
        if not token.get_secret_value().strip():
            raise ValueError("must not be empty")
        return token

    @field_validator("public_url")
    @classmethod
    def _is_encrypted(cls, url: AnyHttpUrl | None) -> AnyHttpUrl | None:
        if url and url.scheme != "https" and url.host not in _LOOPBACK:
            raise ValueError("must begin with https://, Shopify delivers to nothing else")
        return url

    @field_validator("stores", mode="before")
    @classmethod
    def _all_stores(cls, given: Any, info: ValidationInfo) -> Any:
        listed = _stores_in(given)
        single = {name: info.data[name] for name in _SINGLE if info.data.get(name)}
        return [*listed, single] if single.get("shop") else listed

    @field_validator("stores")
    @classmethod
    def _stores_are_complete(
        cls, stores: tuple[StoreSettings, ...], info: ValidationInfo
    ) -> tuple[StoreSettings, ...]:
        problems = _problems_of(stores, is_public=bool(info.data.get("public_url")))
        if problems:
            raise ValueError("; ".join(problems))
        return stores

    @property
    def encryption_keys(self) -> tuple[str, ...]:
        """The passphrases; the first seals, all open."""
        return _keys_in(self.encryption_key)

    @property
    def shopify_base_url(self) -> str:
        """A simulator's address, or nothing: then each shop has its own."""
        return str(self.shopify_url or "").rstrip("/")

    @property
    def hubspot_base_url(self) -> str:
        """HubSpot's address, without a slash at its end."""
        return str(self.hubspot_url).rstrip("/")

    @property
    def webhook_url(self) -> str:
        """Where Shopify delivers; empty without a public address."""
        return f"{str(self.public_url).rstrip('/')}/webhooks/shopify" if self.public_url else ""


S = TypeVar("S", bound=BaseSettings)


def loaded(read: type[S], *others: type[BaseSettings]) -> S:
    """What ``read`` finds in the environment; the ``others`` must be complete as well.

    Raises:
        SettingsError: something is missing or wrong, in any of them.
    """
    problems: list[str] = []
    wanted: tuple[type[BaseSettings], ...] = (read, *others)
    for each in wanted:
        try:
            each()
        except ValidationError as error:
            prefix = str(each.model_config.get("env_prefix", PREFIX))
            problems += [_line(one, prefix) for one in error.errors(include_url=False)]
    if problems:
        raise SettingsError(problems)
    return read()


_WHAT_TO_DO: Mapping[str, str] = MappingProxyType(
    {
        "encryption_key": "make one with: openssl rand -base64 32",
        "hubspot_token": "a service key or a private app's token of your HubSpot account",
    }
)


def _line(error: Mapping[str, Any], prefix: str) -> str:
    name, *inner = [str(each) for each in error["loc"]]
    place = ".".join([prefix + name.upper(), *inner])
    if error["type"] == "missing":
        hint = _WHAT_TO_DO.get(name, "")
        return f"{place} is missing" + (f": {hint}" if hint else "")
    return f"{place}: {str(error['msg']).removeprefix('Value error, ')}"


def _keys_in(keys: SecretStr) -> tuple[str, ...]:
    return tuple(each.strip() for each in keys.get_secret_value().split(","))


def _stores_in(given: Any) -> list[Any]:
    if not isinstance(given, str):
        return list(given)
    try:
        found = json.loads(given)
    except ValueError:
        raise ValueError("must be JSON: a list of objects with shop, client_id, …") from None
    if not isinstance(found, list):
        raise ValueError("must be a JSON list, even for a single store")  # noqa: TRY004 - pydantic's
    return found


def _problems_of(stores: Sequence[StoreSettings], *, is_public: bool) -> list[str]:
    if not stores:
        return [_NO_STORE]
    names = [each.shop for each in stores]
    problems = [f"{shop} is given twice" for shop in sorted({*names}) if names.count(shop) > 1]
    problems += [f"{each.shop} {each.shortfall}" for each in stores if each.shortfall]
    if is_public:
        problems += [
            f"{each.shop} needs client_secret: webhooks are signed with it"
            for each in stores
            if not each.client_secret.get_secret_value() and not each.shortfall
        ]
    return problems
