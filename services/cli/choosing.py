"""Refuses choices that can choose nothing: an unknown kind, reason or store."""

from __future__ import annotations

from collections.abc import Collection

from services.cli.answering import Exit, fail
from services.cli.looking import ledger_at, places
from services.cli.misspelt import meant
from services.shared.contract.reasons import DEAD, KNOWN, NETWORK_PREFIX
from services.shared.ledger import stores
from services.shared.ledger.kinds import KINDS


def refuse_kind(kind: str) -> None:
    """End with wrong usage if no record is of ``kind``; an empty one means any."""
    if kind and kind not in KINDS:
        _refuse(f"{kind} is no kind of record", meant(kind, KINDS), KINDS)


def refuse_reason(reason: str) -> None:
    """End with wrong usage if no record can have ``reason``, which HubSpot's codes may be."""
    is_ours = reason in KNOWN or reason.startswith(NETWORK_PREFIX)
    if reason and not is_ours and not reason.isupper():
        ours = sorted(each for each in KNOWN if each.islower())
        _refuse(f"{reason} is no reason", meant(reason, sorted(KNOWN)), [*ours, "HubSpot's codes"])


def refuse_dead_reason(reason: str) -> None:
    """End with wrong usage if no dead letter can have ``reason``."""
    if reason and reason not in DEAD:
        _refuse(f"{reason} is no reason of a dead letter", meant(reason, DEAD), DEAD)


async def unknown_store(shop: str) -> str:
    """What is said of ``shop`` if no such store is connected; empty if one is."""
    async with ledger_at(places()) as ledger, ledger.transaction() as tx:
        known = await stores.names(tx)
    if shop in known:
        return ""
    there = ", ".join(known) or "none"
    host = shop if "." in shop else f"{shop}.myshopify.com"
    return f"{shop} is not connected{meant(host, known)}\nConnected: {there}"


def _refuse(problem: str, instead: str, known: Collection[str]) -> None:
    fail(f"{problem}{instead}\nKnown: {', '.join(known)}", Exit.USAGE)
