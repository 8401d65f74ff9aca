"""Forgets what nobody will ask about again, a bounded piece at a time.

``docs/ledger.md`` says which tables grow with what.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.shared.ledger.engine import Ledger, Statement, statement

_DAY_MS = 24 * 3600 * 1000
_AT_ONCE = 1_000
_LEFT = """SELECT s.shop FROM stores AS s
  WHERE s.state = 'uninstalled' AND s.changed_at < {now} - :older_than"""


def _oldest(table: str, key: str, where: str) -> Statement:
    return statement(
        f"""DELETE FROM {table} WHERE ({key}) IN
        (SELECT {key} FROM {table} WHERE {where} LIMIT {_AT_ONCE}) RETURNING 1 AS gone"""
    )


# What each table may forget, and after how many days.
_PRUNED: Mapping[str, tuple[Statement, int]] = MappingProxyType(
    {
        "audit": (_oldest("audit", "id", "at < {now} - :older_than"), 90),
        "windows": (
            _oldest(
                "windows",
                "id",
                """started_at < {now} - :older_than AND id NOT IN
                (SELECT max(id) FROM windows WHERE state = 'complete' GROUP BY shop, kind)""",
            ),
            30,
        ),
        # That it was done is remembered; whom it was about, only for as long as it may be needed.
        "bodies of requests that are done": (
            statement(
                f"""UPDATE requests SET body = '' WHERE id IN
                (SELECT id FROM requests WHERE done_at < {{now}} - :older_than AND body <> ''
                LIMIT {_AT_ONCE}) RETURNING 1 AS gone"""
            ),
            30,
        ),
        "causes": (_oldest("causes", "id", "lifted_at < {now} - :older_than"), 30),
        # A day is beyond any call that could still be on its way.
        "claims": (_oldest("claims", "key", "until < {now} - :older_than"), 1),
        "links": (
            _oldest(
                "links",
                "shop, from_kind, from_id, to_kind, to_id",
                """state = 'done' AND created_at < {now} - :older_than AND EXISTS (
                SELECT 1 FROM sources AS f WHERE f.shop = links.shop AND f.status = 'deleted'
                AND f.kind = links.from_kind AND f.id = links.from_id)""",
            ),
            30,
        ),
        "links of stores that left": (
            _oldest("links", "shop, from_kind, from_id, to_kind, to_id", f"shop IN ({_LEFT})"),
            90,
        ),
        # By what people are found. What leads to HubSpot's records by Shopify's ids stays: should
        # the store come back, it finds them again.
        "identities of stores that left": (
            _oldest("identities", "account_id, kind, value", f"shop IN ({_LEFT})"),
            90,
        ),
        "sources of stores that left": (
            _oldest("sources", "shop, kind, id", f"status <> 'waiting' AND shop IN ({_LEFT})"),
            90,
        ),
    }
)


async def prune(ledger: Ledger) -> Mapping[str, int]:
    """Forget what is old, in transactions of a thousand rows; how many rows of what.

    Raises:
        WorldAtFaultError: the ledger is not there; what is gone by then is gone.
    """
    forgotten: dict[str, int] = {}
    for what, (delete, days) in _PRUNED.items():
        count = await _forget(ledger, delete, days * _DAY_MS)
        if count:
            forgotten[what] = count
    return forgotten


async def _forget(ledger: Ledger, delete: Statement, older_than_ms: int) -> int:
    total, found = 0, _AT_ONCE
    while found == _AT_ONCE:
        async with ledger.transaction() as tx:
            found = len(await tx.run(delete, older_than=older_than_ms))
        total += found
    return total
