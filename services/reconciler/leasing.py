"""One reconciler a store at a time: a lease in the ledger, renewed while the store is scanned."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.shared.contract.errors import OwnershipLostError, SyncError
from services.shared.ledger import leases
from services.shared.ledger.engine import Ledger
from services.shared.ledger.leases import Lease

LEASE_MS = 25_000
"""How long a store stays with a reconciler that died; another takes over within 30 s."""

_RENEW_SECONDS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long a lease lasts, and how often it is renewed."""

    lasts_ms: int = LEASE_MS
    renew_seconds: float = _RENEW_SECONDS


@asynccontextmanager
async def leased(
    ledger: Ledger, shop: str, instance: str, term: Term | None = None
) -> AsyncIterator[Lease | None]:
    """The lease on scanning ``shop``, kept while the block runs; None while another has it.

    Raises:
        OwnershipLostError: it ran out under way; the block was cut short.
        WorldAtFaultError: the ledger is not there.
    """
    term = term or Term()
    lease = await _taken(ledger, f"{leases.SCAN_PREFIX}{shop}", instance, term)
    if lease is None:
        yield None
        return
    block = asyncio.current_task()
    renewing = asyncio.create_task(_renew(ledger, lease, term, block))
    try:
        yield lease
    except asyncio.CancelledError:
        if renewing.done() and not renewing.cancelled() and block and block.uncancel() == 0:
            raise OwnershipLostError("lease_lost") from None
        raise
    finally:
        renewing.cancel()
        await asyncio.wait({renewing})
        # What cannot be given back runs out by itself.
        with contextlib.suppress(SyncError):
            await _give_back(ledger, lease)


async def _taken(ledger: Ledger, name: str, instance: str, term: Term) -> Lease | None:
    async with ledger.transaction() as tx:
        token = await leases.take(tx, name, instance, term.lasts_ms)
    return None if token is None else Lease(name=name, owner=instance, token=token)


async def _renew(
    ledger: Ledger, lease: Lease, term: Term, block: asyncio.Task[object] | None
) -> None:
    """Ends, and cancels the block, once the lease is not ours any more, or may not be."""
    clock = asyncio.get_running_loop().time
    good_until = clock() + term.lasts_ms / 1000
    while clock() < good_until:
        await asyncio.sleep(term.renew_seconds)
        asked_at = clock()
        try:
            async with ledger.transaction() as tx:
                await leases.renew(tx, lease, term.lasts_ms)
        except OwnershipLostError:
            break
        except SyncError:
            continue
        good_until = asked_at + term.lasts_ms / 1000
    if block:
        block.cancel()


async def _give_back(ledger: Ledger, lease: Lease) -> None:
    async with ledger.transaction() as tx:
        await leases.give_back(tx, lease.name, lease.owner)
