"""Access tokens of a store: one that stays, or one of 24 hours by client credentials.

https://shopify.dev/docs/apps/build/authentication-authorization/client-credentials-grant
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol

import httpx

from services.shared.contract.bodies import json_object
from services.shared.contract.errors import (
    OursToFixError,
    OutcomeUnknownError,
    SyncError,
    WorldAtFaultError,
)
from services.shared.runtime.network import network_problem
from services.shared.shopify.address import ShopAddress
from services.shared.shopify.answers import (
    TokenRefusedError,
    http_problem_in,
    retry_after_in,
)

RENEWED_AFTER = 0.8
_ERROR = re.compile(r"[a-z][a-z_]{1,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, when it was obtained, and when it ends. Its text is kept out of ``repr``."""

    value: str
    obtained_at: datetime
    expires_at: datetime
    scopes: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Token(expires_at={self.expires_at.isoformat()})"

    def is_fresh(self, now: datetime) -> bool:
        """Whether less than 80 % of its life is over."""
        return now < self.obtained_at + (self.expires_at - self.obtained_at) * RENEWED_AFTER


class TokenSource(Protocol):
    """Where a store's token comes from."""

    async def current(self) -> str:
        """A token to use now."""

    async def renewed(self, refused: str) -> str:
        """Another token after Shopify refused ``refused``.

        Raises:
            OursToFixError: there is none.
        """


class TokenStore(Protocol):
    """Keeps a store's token, encrypted, for all processes."""

    async def load(self) -> Token | None:
        """The token last saved, by whichever process."""

    async def save(self, token: Token) -> None:
        """Durable before it returns."""

    def renewing(self) -> AbstractAsyncContextManager[None]:
        """Entered by one task of one process at a time."""


class AdminToken:
    """The token of an admin-created custom app: it does not expire, and cannot be renewed."""

    def __init__(self, value: str) -> None:
        self._value = value

    async def current(self) -> str:
        """See ``TokenSource``."""
        return self._value

    async def renewed(self, refused: str) -> str:  # noqa: ARG002 - the protocol's signature
        """See ``TokenSource``."""
        raise TokenRefusedError


class MemoryTokenStore:
    """A token store for one process."""

    def __init__(self) -> None:
        self._token: Token | None = None
        self._lock = asyncio.Lock()

    async def load(self) -> Token | None:
        """See ``TokenStore``."""
        return self._token

    async def save(self, token: Token) -> None:
        """See ``TokenStore``."""
        self._token = token

    def renewing(self) -> AbstractAsyncContextManager[None]:
        """See ``TokenStore``."""
        return self._lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A Dev Dashboard app's client id and secret."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r})"


class ClientCredentials:
    """Tokens of 24 hours, renewed when 80 % of their life is over, by one task at a time."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        address: ShopAddress,
        credentials: Credentials,
        *,
        store: TokenStore,
        now: Callable[[], datetime],
    ) -> None:
        self._http = http
        self._address = address
        self._credentials = credentials
        self._store = store
        self._now = now
        self._token: Token | None = None

    async def current(self) -> str:
        """See ``TokenSource``. A renewal that fails is no matter while the old one lives."""
        if self._token is not None and self._token.is_fresh(self._now()):
            return self._token.value
        try:
            return await self._obtained(refused="")
        except WorldAtFaultError:
            if self._token is not None and self._now() < self._token.expires_at:
                return self._token.value
            raise

    async def renewed(self, refused: str) -> str:
        """See ``TokenSource``."""
        return await self._obtained(refused=refused)

    async def _obtained(self, refused: str) -> str:
        async with self._store.renewing():
            kept = await self._store.load()
            if kept is None or kept.value == refused or not kept.is_fresh(self._now()):
                kept = await self._requested()
                await self._store.save(kept)
            self._token = kept
        return kept.value

    async def _requested(self) -> Token:
        asked_at = self._now()
        try:
            response = await self._http.post(
                f"{self._address.url}/admin/oauth/access_token",
                headers={"Host": self._address.host, "Accept": "application/json"},
                data={
                    "grant_type": "client_credentials",
                    "client_id": self._credentials.client_id,
                    "client_secret": self._credentials.client_secret,
                },
            )
        except httpx.RequestError as error:
            # The cause carries the request, and with it the secret: it is left behind on purpose.
            raise network_problem(error) from None
        problem = _grant_problem_in(response)
        if problem is not None:
            raise problem
        return token_in(response.content, asked_at)


def token_in(body: bytes, asked_at: datetime) -> Token:
    """The token a grant gives; its life is counted from when it was asked for.

    Raises:
        OutcomeUnknownError: there is none in ``body``.
    """
    said = json_object(body) or {}
    value, life = said.get("access_token"), said.get("expires_in")
    if not isinstance(value, str) or not value or not isinstance(life, int) or life <= 0:
        raise OutcomeUnknownError("garbled_answer")
    scopes = said.get("scope")
    return Token(
        value=value,
        obtained_at=asked_at,
        expires_at=asked_at + timedelta(seconds=life),
        scopes=frozenset(scopes.split(",")) - {""} if isinstance(scopes, str) else frozenset(),
    )


def _grant_problem_in(response: httpx.Response) -> SyncError | None:
    """A refused grant is about the app: ``invalid_client``, ``shop_not_permitted``."""
    status = response.status_code
    if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        code = (json_object(response.content) or {}).get("error")
        is_code = isinstance(code, str) and _ERROR.fullmatch(code)
        return OursToFixError("credentials_refused", detail=str(code) if is_code else "")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return WorldAtFaultError("throttled", retry_after=retry_after_in(response.headers) or 1.0)
    return http_problem_in(status, response.headers)
