"""What SQLite's planner is told of the tables' sizes: a ledger that has grown.

PostgreSQL counts by itself. SQLite never does unless asked, and takes a table it knows nothing of
for a small one: it then reads all records of a store where an index leads to the few of a batch.
So the counts of a large ledger are written down once, whatever stands in it: for a small one the
same plans are good enough, and they never change under way.
https://www.sqlite.org/optoverview.html#manual_control_of_query_plans_using_sqlite_stat_tables
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Connection, text

# (table, index): how many rows, then how many share the index's first column, first two, and so
# on. A table without row ids is its own index.
GROWN: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("sources", "sources"): "1000000 500000 200000 1",
        ("sources", "ix_sources_parent"): "1000000 500000 200000 4",
        ("sources", "ix_sources_target"): "900000 1",
        ("sources", "ix_sources_status"): "1000000 500000 200000 150000",
        ("sources", "ix_sources_due"): "10000 2000 10",
        ("targets", "targets"): "1000000 1000000 250000 1",
        ("identities", "identities"): "500000 500000 150000 1",
        ("identities", "ix_identities_target"): "500000 500000 150000 1",
        ("identities", "ix_identities_source"): "400000 200000 100000 1",
        ("links", "links"): "1000000 500000 250000 3 2 1",
        ("links", "ix_links_to"): "1000000 500000 250000 4",
        ("links", "ix_links_open"): "10000 5000 10",
        ("claims", "claims"): "1000 1",
        ("claims", "ix_claims_owner"): "1000 100 1",
    }
)


def assume_grown(connection: Connection) -> None:
    """Let SQLite plan for a large ledger, from now on and on every connection opened later."""
    # Counting a table of one row makes the table of counts, where there is none yet.
    connection.execute(text("ANALYZE alembic_version"))
    connection.execute(text("DELETE FROM sqlite_stat1"))
    connection.execute(
        text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:table, :index, :counts)"),
        [
            {"table": table, "index": index, "counts": counts}
            for (table, index), counts in GROWN.items()
        ],
    )
    connection.execute(text("ANALYZE sqlite_schema"))
