"""A running installation is carried over to PostgreSQL while its stores go on selling."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.installation import Installation, installed


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_running_installation_moves_to_postgresql_and_no_record_is_doubled(
    tmp_path: Path, empty_postgresql_url: str
) -> None:
    old = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    async with installed(tmp_path) as here:
        product = await here.start("all")
        await here.calm(old)
        await here.faults({"duplicate": 0.1, "retry_scale": 0.004})
        await here.trickle(5.0)

        coming_again = asyncio.create_task(_delivered_after_all(here))
        code, said = await here.run("migrate", "--from", old, "--to", empty_postgresql_url)

        assert code == 0, said
        assert "SHOPSYNC_LEDGER_URL" in said
        assert await product.wait() == 0
        code, said = await here.run("all")
        assert code == 2
        assert "ledger_moved" in said
        await here.start("all", SHOPSYNC_LEDGER_URL=empty_postgresql_url)
        await _sold_more(here, 5)
        await here.faults({"duplicate": 0.0})
        await here.stop_trickling()
        left = await here.last_differences(empty_postgresql_url)
        assert not left, left
        await asyncio.wait_for(coming_again, 10)


async def _delivered_after_all(here: Installation) -> None:
    """Return once a delivery that ingest answered 503 was taken when it came again."""
    turned_away: set[str] = set()
    while True:
        found = {each["webhook_id"]: each for each in await _deliveries(here)}
        if any(found[each]["outcome"] == "delivered" for each in turned_away & found.keys()):
            return
        turned_away |= {
            name
            for name, each in found.items()
            if each["outcome"] == "pending" and each["status"] == HTTPStatus.SERVICE_UNAVAILABLE
        }
        await asyncio.sleep(0.1)


async def _sold_more(here: Installation, count: int) -> None:
    """Return once so many deliveries were taken that had not been when this was asked."""
    before = await _taken(here)
    while len(await _taken(here) - before) < count:  # noqa: ASYNC110 - the stores' doing
        await asyncio.sleep(0.1)


async def _taken(here: Installation) -> set[str]:
    found = await _deliveries(here)
    return {each["webhook_id"] for each in found if each["outcome"] == "delivered"}


async def _deliveries(here: Installation) -> list[dict[str, Any]]:
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{here.shopify_url}/_sandbox/deliveries")
        found: list[dict[str, Any]] = answer.raise_for_status().json()
        return found
