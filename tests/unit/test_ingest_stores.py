from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, MultiFernet

from services.ingest.stores import (
    EncryptedFile,
    Refreshing,
    StoreSecrets,
    StoresInMemory,
    keep_fresh,
)
from tests.support.deliveries import SECRET, SHOP
from tests.support.running_ingest import ACME, StoresAtHand

OTHER = StoreSecrets(shop="other.myshopify.com", secrets=(b"other",))


class Turns:
    """A sleep that lasts until the test lets it end, and says when one begins."""

    def __init__(self) -> None:
        self.over = asyncio.Semaphore(0)
        self.begun = asyncio.Semaphore(0)

    async def sleep(self, _seconds: float) -> None:
        self.begun.release()
        await self.over.acquire()

    async def next(self) -> None:
        self.over.release()
        await self.begun.acquire()


async def test_the_kept_copy_serves_until_the_ledger_answers() -> None:
    at_hand, turns, stores = StoresAtHand(known=None, kept=[ACME]), Turns(), StoresInMemory()
    refreshing = Refreshing(source=at_hand, copy=at_hand, sleep=turns.sleep)
    task = asyncio.create_task(keep_fresh(stores, refreshing))
    await turns.begun.acquire()
    assert stores.secrets_of(SHOP) == ACME.secrets

    at_hand.known = [OTHER]
    await turns.next()

    assert stores.secrets_of(SHOP) == ()
    assert stores.secrets_of(OTHER.shop) == OTHER.secrets
    assert at_hand.kept == [OTHER]
    task.cancel()


async def test_a_ledger_that_stays_away_is_said_once_and_forgets_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    at_hand, turns, stores = StoresAtHand(kept=None), Turns(), StoresInMemory()
    refreshing = Refreshing(source=at_hand, copy=at_hand, sleep=turns.sleep)
    task = asyncio.create_task(keep_fresh(stores, refreshing))
    await turns.begun.acquire()

    at_hand.known = None
    for _ in range(3):
        await turns.next()

    assert stores.secrets_of(SHOP) == ACME.secrets
    assert [each.levelno for each in caplog.records].count(logging.WARNING) == 1
    task.cancel()


async def test_a_ledger_that_never_answers_is_given_up_each_time() -> None:
    class Silent:
        async def stores(self) -> list[StoreSecrets]:
            await asyncio.Event().wait()
            return []

    turns, stores = Turns(), StoresInMemory()
    refreshing = Refreshing(
        source=Silent(), copy=StoresAtHand(), timeout_seconds=0.01, sleep=turns.sleep
    )
    task = asyncio.create_task(keep_fresh(stores, refreshing))

    await turns.begun.acquire()

    assert stores.secrets_of(SHOP) == ACME.secrets
    task.cancel()


def test_nothing_is_loaded_until_somebody_said_what_there_is() -> None:
    before, after = StoresInMemory(), StoresInMemory()

    after.replace([])

    assert not before.are_loaded
    assert after.are_loaded
    assert after.secrets_of(SHOP) == ()


def test_an_empty_secret_is_a_missing_secret() -> None:
    stores = StoresInMemory()

    stores.replace([StoreSecrets(shop="ACME.myshopify.com", secrets=(b"", SECRET))])

    assert stores.secrets_of(SHOP) == (SECRET,)


def test_the_file_gives_back_what_was_saved_and_shows_nothing(tmp_path: Path) -> None:
    key = MultiFernet([Fernet(Fernet.generate_key())])
    copy = EncryptedFile(path=tmp_path / "stores", key=key)

    copy.save([OTHER])
    copy.save([ACME])

    assert copy.load() == [ACME]
    assert copy.path.stat().st_mode & 0o777 == 0o600
    assert SHOP.encode() not in copy.path.read_bytes()
    assert SECRET.decode() not in repr(copy.load())
    assert list(tmp_path.iterdir()) == [copy.path]


def test_the_file_is_still_read_after_the_key_was_rotated(tmp_path: Path) -> None:
    old, new = Fernet(Fernet.generate_key()), Fernet(Fernet.generate_key())
    EncryptedFile(path=tmp_path / "stores", key=MultiFernet([old])).save([ACME])

    assert EncryptedFile(path=tmp_path / "stores", key=MultiFernet([new, old])).load() == [ACME]


@pytest.mark.parametrize("content", [None, b"", b"garbage"])
def test_a_file_that_is_missing_or_not_ours_is_no_copy(
    tmp_path: Path, content: bytes | None
) -> None:
    copy = EncryptedFile(path=tmp_path / "stores", key=MultiFernet([Fernet(Fernet.generate_key())]))
    if content is not None:
        copy.path.write_bytes(content)

    assert copy.load() is None


async def test_a_copy_that_cannot_be_written_is_said_and_survived(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = MultiFernet([Fernet(Fernet.generate_key())])
    copy = EncryptedFile(path=tmp_path / "missing folder" / "stores", key=key)
    turns, stores = Turns(), StoresInMemory()
    refreshing = Refreshing(source=StoresAtHand(), copy=copy, sleep=turns.sleep)

    task = asyncio.create_task(keep_fresh(stores, refreshing))
    await turns.begun.acquire()

    assert stores.secrets_of(SHOP) == ACME.secrets
    assert "stores cannot be kept for the next start" in caplog.messages
    task.cancel()
