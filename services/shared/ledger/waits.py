"""What is still to be done about sources, when, and why not now."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.shared.contract.keys import SourceKey
from services.shared.contract.topics import ObjectType
from services.shared.ledger.engine import Transaction, statement
from services.shared.ledger.identities import EMAIL_WANTED
from services.shared.ledger.moments import written


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done about a source later. ``body`` is the event it came with, if a state.

    With a ``cause_id`` it is due when the cause is lifted, otherwise after ``due_in_ms``.
    ``is_news`` says that an event brought it, so that work in progress does not settle it;
    ``suspect_for_ms``, that a write may still be on its way.
    """

    key: SourceKey
    reason: str
    due_in_ms: int = 0
    cause_id: int | None = None
    detail: str = ""
    body: bytes | None = None
    changed_at: datetime | None = None
    claims_deletion: bool = False
    is_news: bool = True
    suspect_for_ms: int | None = None


_WAIT = statement(
    """
    INSERT INTO sources (shop, kind, id, status, reason, detail, due_at, cause_id, waiting_since,
      wanted, changed_at, deletion_claimed, suspect_until)
    SELECT b.shop, b.kind, b.id, 'waiting', b.reason, b.detail,
      CASE WHEN b.cause_id IS NULL THEN {now} + b.due_in END, b.cause_id, {now}, 1, b.changed_at,
      b.claims_deletion, {now} + b.suspect_for
    FROM {rows} AS b WHERE true
    ON CONFLICT (shop, kind, id) DO UPDATE SET
      status = 'waiting',
      reason = excluded.reason,
      detail = excluded.detail,
      due_at = excluded.due_at,
      cause_id = excluded.cause_id,
      waiting_since = coalesce(sources.waiting_since, excluded.waiting_since),
      wanted = sources.wanted + :news,
      attempts = sources.attempts + 1,
      changed_at = coalesce(sources.changed_at, excluded.changed_at),
      deletion_claimed = {greatest}(sources.deletion_claimed, excluded.deletion_claimed),
      suspect_until = coalesce(excluded.suspect_until, sources.suspect_until)
    """,
    keyed=3,
    shop="text",
    kind="text",
    id="text",
    reason="text",
    detail="text",
    due_in="bigint",
    cause_id="int",
    changed_at="bigint",
    claims_deletion="int",
    suspect_for="bigint",
)
_KEEP_BODIES = statement(
    """
    UPDATE sources SET body = {bytes:b.body} FROM {rows} AS b
    WHERE sources.shop = b.shop AND sources.kind = b.kind AND sources.id = b.id
    """,
    keyed=3,
    shop="text",
    kind="text",
    id="text",
    body="text",
)
_REFER = statement(
    """
    INSERT INTO sources (shop, kind, id, status, reason, due_at, waiting_since, wanted)
    SELECT b.shop, b.kind, b.id, 'waiting', 'referred_to', {now} + b.due_in, {now}, 1
    FROM {rows} AS b WHERE true
    ON CONFLICT (shop, kind, id) DO NOTHING
    """,
    keyed=3,
    shop="text",
    kind="text",
    id="text",
    due_in="bigint",
)
_RETARGET = statement(
    """
    UPDATE sources SET due_at = {now}, wanted = wanted + 1, status = 'waiting',
      reason = 'merged_in_hubspot', waiting_since = coalesce(waiting_since, {now}),
      target_id = (SELECT b.new_id FROM {rows} AS b
                   WHERE b.kind = sources.kind AND b.old_id = sources.target_id)
    WHERE status IN ('in_sync', 'waiting', 'failing')
      AND target_id IN (SELECT b.old_id FROM {rows} AS b)
      AND (kind, target_id) IN (SELECT b.kind, b.old_id FROM {rows} AS b)
    """,
    kind="text",
    old_id="text",
    new_id="text",
)
_TRY_AGAIN = statement(
    """
    UPDATE sources SET due_at = {now}, wanted = wanted + 1, status = 'waiting',
      reason = 'email_given_up', waiting_since = coalesce(waiting_since, {now})
    WHERE status = 'failing' AND reason = :reason AND (shop, kind, id) IN (
      SELECT i.shop, i.source_kind, i.source_id FROM {rows} AS b
      JOIN identities AS i ON i.account_id = :account AND i.kind = b.kind
        AND i.target_id = b.target_id)
    """,
    kind="text",
    target_id="text",
)
_LET_GO = statement(
    """
    UPDATE sources SET status = 'deleted', target_id = NULL, reason = '', due_at = NULL
    WHERE kind = :kind AND status IN ('in_sync', 'failing')
      AND target_id IN (SELECT b.target_id FROM {rows} AS b)
      AND (target_id, id) NOT IN (SELECT b.target_id, b.kept FROM {rows} AS b)
    RETURNING shop, kind, id
    """,
    target_id="text",
    kept="text",
)
_READMIT = statement(
    """
    UPDATE sources SET status = 'waiting', reason = 'retried', detail = '', due_at = {now},
      wanted = wanted + 1, waiting_since = {now}
    WHERE (shop, kind, id) IN (
      SELECT s.shop, s.kind, s.id FROM {rows} AS b JOIN sources AS s
        ON s.shop = :shop AND s.kind = b.kind AND s.status = 'excluded' AND s.reason = b.reason)
    RETURNING 1 AS readmitted
    """,
    kind="text",
    reason="text",
)
_PUT_OFF = statement(
    """
    UPDATE sources SET due_at = {now} + :due_in WHERE (shop, kind, id) IN
    (SELECT b.shop, b.kind, b.id FROM {rows} AS b)
    """,
    keyed=3,
    shop="text",
    kind="text",
    id="text",
)


async def wait(tx: Transaction, waits: Sequence[Wait]) -> None:
    """Put work off. The oldest wait and the oldest unacknowledged change are remembered."""
    for is_news in (True, False):
        chosen = [each for each in waits if each.is_news is is_news]
        await tx.run_batch(_WAIT, [_wait_row(each) for each in chosen], news=int(is_news))
    await keep_bodies(tx, {each.key: each.body for each in waits})


async def refer(tx: Transaction, keys: Mapping[SourceKey, int]) -> None:
    """Make sources known that others point at; a new one is due after so many milliseconds."""
    await tx.run_batch(
        _REFER, [[key.shop, key.kind, key.id, due_in] for key, due_in in keys.items()]
    )


async def retarget(tx: Transaction, kinds: Iterable[str], moved: Mapping[str, str]) -> None:
    """Follow records that became others in HubSpot (old id to new), and look at them again."""
    rows = [[kind, old, new] for kind in kinds for old, new in moved.items()]
    await tx.run_batch(_RETARGET, rows)


async def try_again(tx: Transaction, account: int, reason: str, holders: Iterable[str]) -> None:
    """Look again at sources that fail for ``reason`` and want the email of one of ``holders``."""
    rows = [[EMAIL_WANTED, each] for each in set(holders)]
    await tx.run_batch(_TRY_AGAIN, rows, account=account, reason=reason)


async def let_go(tx: Transaction, kind: str, kept: Mapping[str, str]) -> list[SourceKey]:
    """Let sources of ``kind`` go from HubSpot records, all but those of one id each; who went."""
    rows = [[target_id, id_] for target_id, id_ in kept.items()]
    found = await tx.run_batch(_LET_GO, rows, kind=kind)
    return [SourceKey(row.shop, row.kind, row.id) for row in found]


async def readmit(tx: Transaction, shop: str, reasons: Collection[str]) -> int:
    """Look again at a store's records that were kept out for these reasons; how many."""
    rows = [[kind, reason] for kind in ObjectType for reason in reasons]
    return len(await tx.run_batch(_READMIT, rows, shop=shop))


async def put_off(tx: Transaction, keys: Iterable[SourceKey], due_in_ms: int) -> None:
    """Make rows due later without touching anything else."""
    rows = [[key.shop, key.kind, key.id] for key in keys]
    await tx.run_batch(_PUT_OFF, rows, due_in=due_in_ms)


async def keep_bodies(tx: Transaction, bodies: Mapping[SourceKey, bytes | None]) -> None:
    """Keep the waiting body of each source, compressed; None leaves what is there alone."""
    rows = [
        [key.shop, key.kind, key.id, base64.b64encode(zlib.compress(body, level=1)).decode()]
        for key, body in bodies.items()
        if body is not None
    ]
    await tx.run_batch(_KEEP_BODIES, rows)


def _wait_row(each: Wait) -> list[Any]:
    return [
        each.key.shop,
        each.key.kind,
        each.key.id,
        each.reason,
        each.detail,
        each.due_in_ms,
        each.cause_id,
        written(each.changed_at),
        int(each.claims_deletion),
        each.suspect_for_ms,
    ]
