"""The settings of all processes, from the environment (``SHOPSYNC_…``) and a file ``.env``.

They are complete or no process starts: :func:`loaded` reports every problem at once, and no
problem quotes a value, which may be a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AnyHttpUrl,
    Field,
    NonNegativeInt,
    PositiveFloat,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode

from services.cli.places import PREFIX, Places
from services.cli.store_settings import StoreSettings, host_in, problems_of, stores_in
from services.shared.contract.errors import OursToFixError

SHORTEST_KEY = 16
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_SINGLE = ("shop", "client_id", "client_secret", "previous_secret", "admin_token")


class SettingsError(OursToFixError):
    """Settings are missing or wrong; ``problems`` has one line each, without values."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("bad_settings", detail="; ".join(problems))
        self.problems = tuple(problems)


class Keys(Places):
    """All that it takes to open what is sealed in the ledger."""

    encryption_key: SecretStr = SecretStr("")

    @property
    def encryption_keys(self) -> tuple[str, ...]:
        """The passphrases; the first seals, all open."""
        return _keys_in(self.encryption_key)


class Settings(Keys):
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

    @field_validator("shop")
    @classmethod
    def _is_a_shop(cls, shop: str) -> str:
        return host_in(shop) if shop else shop

    @field_validator("stores", mode="before")
    @classmethod
    def _all_stores(cls, given: Any, info: ValidationInfo) -> Any:
        listed = stores_in(given)
        single = {name: info.data[name] for name in _SINGLE if info.data.get(name)}
        return [*listed, single] if single.get("shop") else listed

    @field_validator("stores")
    @classmethod
    def _stores_are_complete(
        cls, stores: tuple[StoreSettings, ...], info: ValidationInfo
    ) -> tuple[StoreSettings, ...]:
        problems = problems_of(stores, is_public=bool(info.data.get("public_url")))
        # A single store that was refused is given all the same, and named as the problem already.
        if problems and (stores or "shop" in info.data):
            raise ValueError("; ".join(problems))
        return stores

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


# The validator's words speak of its own parsing; these of what to write.
_FORMS: Mapping[str, str] = MappingProxyType({"date": "YYYY-MM-DD", "bool": "true or false"})


def _line(error: Mapping[str, Any], prefix: str) -> str:
    name, *inner = [str(each) for each in error["loc"]]
    place = ".".join([prefix + name.upper(), *inner])
    if error["type"] == "missing":
        hint = _WHAT_TO_DO.get(name, "")
        return f"{place} is missing" + (f": {hint}" if hint else "")
    form = _FORMS.get(str(error["type"]).partition("_")[0])
    if form:
        return f"{place}: must be {form}"
    return f"{place}: {str(error['msg']).removeprefix('Value error, ')}"


def _keys_in(keys: SecretStr) -> tuple[str, ...]:
    return tuple(each.strip() for each in keys.get_secret_value().split(","))
