"""Credentials: service keys, private-app tokens, and OAuth tokens with their expiry."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Literal
from uuid import UUID

Kind = Literal["service_key", "private_app", "oauth"]

# Nothing secret: what `shopsync sandbox` and the tests send.
SERVICE_KEY = "pat-na1-5a0d80c5-0000-4000-8000-000000000001"
CLIENT_ID = "sandbox-client-id"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105  a fixed word of the simulator, published
REFRESH_TOKEN = "sandbox-refresh-token"  # noqa: S105  likewise
AUTHORIZATION_CODE = "sandbox-authorization-code"
ACCESS_SECONDS = 1800

SCOPES = frozenset(
    {
        "e-commerce",
        "tax_rates.read",
        "settings.currencies.read",
        "settings.currencies.write",
        "crm.pipelines.orders.read",
        "crm.pipelines.orders.write",
        *(
            f"crm.{area}.{name}.{verb}"
            for area in ("objects", "schemas")
            for name in ("contacts", "products", "line_items", "orders", "carts")
            for verb in ("read", "write")
        ),
    }
)


@dataclass(slots=True, kw_only=True)
class Token:
    """A bearer token: its kind, the app its burst is counted for, its scopes."""

    kind: Kind
    app: str
    scopes: frozenset[str] = SCOPES
    expires_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Tokens:
    """What an account has granted; revoke by removing from ``bearers`` or ``refresh``."""

    random: Random
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    scopes: frozenset[str] = SCOPES
    refresh: set[str] = field(default_factory=lambda: {REFRESH_TOKEN})
    codes: set[str] = field(default_factory=lambda: {AUTHORIZATION_CODE})
    bearers: dict[str, Token] = field(
        default_factory=lambda: {SERVICE_KEY: Token(kind="service_key", app="service-key")}
    )

    def issue(self, now: datetime) -> str:
        """A new OAuth access token, good for half an hour."""
        bearer = f"CSandbox{'x' * 280}{UUID(int=self.random.getrandbits(128))}"
        expires = now + timedelta(seconds=ACCESS_SECONDS)
        token = Token(kind="oauth", app="oauth", scopes=self.scopes, expires_at=expires)
        self.bearers[bearer] = token
        return bearer

    def revoke(self, token: str) -> None:
        """Take a grant back; a refresh token takes the access tokens issued with it along."""
        self.bearers.pop(token, None)
        if token in self.refresh:
            self.refresh.discard(token)
            self.bearers = {k: v for k, v in self.bearers.items() if v.kind != "oauth"}
