"""Which stores may deliver, and their secrets: in memory, fresh within seconds, kept in a file."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec
from cryptography.fernet import InvalidToken, MultiFernet

from services.shared.runtime.logging import Action

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSecrets:
    """A connected store (full host, lower case) and the secrets that sign its webhooks."""

    shop: str
    secrets: tuple[bytes, ...] = field(repr=False)  # the current one first


class KnownStores(Protocol):
    """What a request is checked against; never waits, never raises."""

    @property
    def are_loaded(self) -> bool:
        """Whether we know which stores there are, be it none."""

    def secrets_of(self, shop: str) -> Sequence[bytes]:
        """The secrets of a store, current and previous; none if we do not know it."""


class StoreSource(Protocol):
    """Where stores come from: the ledger."""

    async def stores(self) -> Sequence[StoreSecrets]:
        """All connected stores. Any exception means: not now."""


class StoreCopy(Protocol):
    """Where the last known stores are kept, so that ingest starts without the ledger."""

    def load(self) -> Sequence[StoreSecrets] | None:
        """What was saved last; None if there is nothing, or nothing we can read."""

    def save(self, stores: Sequence[StoreSecrets]) -> None:
        """Replace what was saved, all or nothing."""


class StoresInMemory:
    """The stores as last heard of."""

    def __init__(self) -> None:
        self._secrets: dict[str, tuple[bytes, ...]] | None = None

    @property
    def are_loaded(self) -> bool:
        """Whether :meth:`replace` was ever called."""
        return self._secrets is not None

    @property
    def count(self) -> int:
        """How many stores may deliver."""
        return len(self._secrets or ())

    def secrets_of(self, shop: str) -> Sequence[bytes]:
        """The store's secrets, or none."""
        return self._secrets.get(shop, ()) if self._secrets else ()

    def replace(self, stores: Sequence[StoreSecrets]) -> bool:
        """Know exactly these stores; whether that changes anything. An empty secret is none."""
        secrets = {each.shop.lower(): tuple(filter(None, each.secrets)) for each in stores}
        changed = secrets != self._secrets
        self._secrets = secrets
        return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshing:
    """How the copy in memory is kept fresh."""

    source: StoreSource
    copy: StoreCopy
    every_seconds: float = 2.0
    timeout_seconds: float = 5.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def keep_fresh(stores: StoresInMemory, how: Refreshing) -> None:
    """Never returns: start from the kept copy, then ask the source every few seconds.

    What is known stays known while the source does not answer.
    """
    kept = how.copy.load()
    if kept is not None:
        stores.replace(kept)
        log.info("stores known from the kept copy", extra=_said(Action.STORES_LOADED, stores))
    reachable = True
    while True:
        found = await _asked(how, said_before=not reachable)
        if found is not None and stores.replace(found):
            _keep(how.copy, found)
            log.info("stores known from the ledger", extra=_said(Action.STORES_LOADED, stores))
        reachable = found is not None
        await how.sleep(how.every_seconds)


async def _asked(how: Refreshing, *, said_before: bool) -> Sequence[StoreSecrets] | None:
    try:
        async with asyncio.timeout(how.timeout_seconds):
            return await how.source.stores()
    except Exception as problem:  # noqa: BLE001 - ingest runs on whatever befalls the ledger
        level = logging.DEBUG if said_before else logging.WARNING
        log.log(
            level,
            "stores cannot be refreshed",
            extra={"action": Action.STORES_UNREACHABLE, "error": type(problem).__name__},
        )
        return None


def _keep(copy: StoreCopy, stores: Sequence[StoreSecrets]) -> None:
    try:
        copy.save(stores)
    except OSError as problem:
        log.warning(
            "stores cannot be kept for the next start",
            extra={"action": Action.STORES_NOT_KEPT, "error": type(problem).__name__},
        )


def _said(action: Action, stores: StoresInMemory) -> dict[str, object]:
    return {"action": action, "stores": stores.count}


_Kept = dict[str, tuple[bytes, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedFile:
    """A :class:`StoreCopy` in a file that only its owner may read, encrypted all the same."""

    path: Path
    key: MultiFernet = field(repr=False)

    def load(self) -> Sequence[StoreSecrets] | None:
        """What was saved, if the file is there, whole, and under one of our keys."""
        try:
            kept = msgspec.json.decode(self.key.decrypt(self.path.read_bytes()), type=_Kept)
        except FileNotFoundError:
            return None
        except (OSError, InvalidToken, msgspec.DecodeError) as problem:
            log.warning(
                "the kept copy of the stores cannot be read",
                extra={"action": Action.STORES_UNREADABLE, "error": type(problem).__name__},
            )
            return None
        return [StoreSecrets(shop=shop, secrets=secrets) for shop, secrets in kept.items()]

    def save(self, stores: Sequence[StoreSecrets]) -> None:
        """Write beside, sync, put in place.

        Raises:
            OSError: the disk is full, or the folder is not ours.
        """
        kept: _Kept = {each.shop: each.secrets for each in stores}
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(self.key.encrypt(msgspec.json.encode(kept)))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
