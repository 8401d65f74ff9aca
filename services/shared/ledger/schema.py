"""The ledger's tables. Moments are milliseconds since 1970 by the database's clock.

Alembic's migrations make them; this module is what they must add up to (a test compares the two).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_MOMENT = BigInteger

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("portal", Text, nullable=False, server_default=""),
    Column("credentials", Text, nullable=False),  # encrypted
    Column("created_at", _MOMENT, nullable=False),
)

stores = Table(
    "stores",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("state", Text, nullable=False, server_default="active"),
    Column("credentials", Text, nullable=False),  # encrypted; current and previous secret
    Column("token", Text, nullable=False, server_default=""),  # encrypted; with its expiry
    Column("created_at", _MOMENT, nullable=False),
    Column("changed_at", _MOMENT, nullable=False),
    CheckConstraint("state IN ('active', 'uninstalled', 'off')", name="state"),
)

# Grows with the store: one row per Shopify record and part ever seen.
sources = Table(
    "sources",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("parent_id", Text),  # the order of a line item, the product of a variant
    Column("target_id", Text),  # HubSpot's id, once known
    Column("updated_at", _MOMENT),  # the version last applied
    Column("observed_at", _MOMENT),
    Column("wanted", BigInteger, nullable=False, server_default="0"),
    Column("settled", BigInteger, nullable=False, server_default="0"),
    Column("deletion_claimed", Integer, nullable=False, server_default="0"),
    Column("deleted_at", _MOMENT),  # tombstone: when a read found nothing
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("due_at", _MOMENT),
    Column("cause_id", Integer),
    Column("waiting_since", _MOMENT),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("body", LargeBinary),  # the newest waiting event, compressed
    Column("changed_at", _MOMENT),  # Shopify's time of the oldest change not yet acknowledged
    Column("acknowledged_at", _MOMENT),
    Column("suspect_until", _MOMENT),
    Column("mapping_revision", Integer, nullable=False, server_default="0"),
    Column("label", Text, nullable=False, server_default=""),
    Column("created_at", _MOMENT),  # Shopify's; an old order's absence proves nothing
    Column("heard_at", _MOMENT),  # the version of the last webhook applied: reads show less
    CheckConstraint(
        "status IN ('in_sync', 'waiting', 'failing', 'excluded', 'deleted')", name="status"
    ),
    sqlite_with_rowid=False,
)
Index("ix_sources_parent", sources.c.shop, sources.c.kind, sources.c.parent_id)
Index(
    "ix_sources_due",
    sources.c.kind,
    sources.c.due_at,
    sqlite_where=sources.c.due_at.is_not(None),
    postgresql_where=sources.c.due_at.is_not(None),
)
Index(
    "ix_sources_target",
    sources.c.target_id,
    sqlite_where=sources.c.target_id.is_not(None),
    postgresql_where=sources.c.target_id.is_not(None),
)
Index("ix_sources_status", sources.c.shop, sources.c.kind, sources.c.status)

# Grows with HubSpot's side of the sync: one row per HubSpot record we write.
targets = Table(
    "targets",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("object_type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False, server_default=""),
    Column("winner_shop", Text),
    Column("winner_kind", Text),
    Column("winner_id", Text),
    Column("winner_updated_at", _MOMENT),
    Column("suspect_until", _MOMENT),
    sqlite_with_rowid=False,
)

# Grows with targets and with checkouts: emails, native keys and tokens by which a record is found.
identities = Table(
    "identities",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("target_id", Text),
    Column("shop", Text),
    Column("source_kind", Text),
    Column("source_id", Text),
    sqlite_with_rowid=False,
)
Index("ix_identities_target", identities.c.account_id, identities.c.kind, identities.c.target_id)
Index(
    "ix_identities_source",
    identities.c.shop,
    identities.c.source_kind,
    identities.c.source_id,
    sqlite_where=identities.c.source_id.is_not(None),
    postgresql_where=identities.c.source_id.is_not(None),
)

# Grows with orders and carts: wanted associations between sources, done or pending.
links = Table(
    "links",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("from_kind", Text, primary_key=True),
    Column("from_id", Text, primary_key=True),
    Column("to_kind", Text, primary_key=True),
    Column("to_id", Text, primary_key=True),
    Column("to_parent_id", Text),
    Column("state", Text, nullable=False),
    Column("linked_to", Text),  # the HubSpot id it was last made to
    Column("created_at", _MOMENT, nullable=False),
    Column("due_at", _MOMENT),
    CheckConstraint("state IN ('pending', 'done', 'unwanted')", name="state"),
    sqlite_with_rowid=False,
)
Index(
    "ix_links_open",
    links.c.state,
    links.c.due_at,
    sqlite_where=links.c.state != "done",
    postgresql_where=links.c.state != "done",
)
Index("ix_links_to", links.c.shop, links.c.to_kind, links.c.to_id)

claims = Table(
    "claims",
    metadata,
    Column("key", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", _MOMENT, nullable=False),
    Column("former", Text),  # whose claim ran out before this owner took the key over
    sqlite_with_rowid=False,
)
Index("ix_claims_owner", claims.c.owner)

causes = Table(
    "causes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("shop", Text, nullable=False),
    Column("object_type", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("since", _MOMENT, nullable=False),
    Column("probe_at", _MOMENT, nullable=False),
    Column("probes", Integer, nullable=False, server_default="0"),
    Column("lifted_at", _MOMENT),
)
Index("ix_causes_open", causes.c.shop, causes.c.lifted_at)

quota = Table(
    "quota",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("calls_per_window", Integer, nullable=False),
    Column("next_slot", BigInteger, nullable=False),  # microseconds since 1970
    Column("next_reserved", BigInteger, nullable=False),  # the same
    Column("spent_until", BigInteger, nullable=False, server_default="0"),  # the same
)

# One row per scan; pruned by age.
windows = Table(
    "windows",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("shop", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("since", _MOMENT),
    Column("started_at", _MOMENT, nullable=False),  # on Shopify's clock
    Column("ended_at", _MOMENT),
    Column("state", Text, nullable=False),
    Column("read", Integer, nullable=False, server_default="0"),
    Column("appended", Integer, nullable=False, server_default="0"),
    Column("cursor", Text, nullable=False, server_default=""),
    Column("owner", Text, nullable=False),
    CheckConstraint("state IN ('running', 'complete', 'broken', 'void')", name="state"),
)
Index("ix_windows_last", windows.c.shop, windows.c.kind, windows.c.state, windows.c.started_at)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("until", _MOMENT, nullable=False),
    sqlite_with_rowid=False,
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("changed_at", _MOMENT, nullable=False),
    sqlite_with_rowid=False,
)

# Compliance requests; their bodies are kept until they are carried out, and a while longer.
requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("shop", Text, nullable=False),
    Column("shopify_topic", Text, nullable=False),
    Column("delivery_id", Text, nullable=False, unique=True),
    Column("body", Text, nullable=False),  # encrypted; empty once it is forgotten
    Column("received_at", _MOMENT, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("done_at", _MOMENT),
)

# What operators and the product did that somebody may ask about later; pruned by age.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", _MOMENT, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
)

redacted = Table(
    "redacted",
    metadata,
    Column("digest", Text, primary_key=True),  # keyed hash of a person who must not come back
    Column("at", _MOMENT, nullable=False),
    sqlite_with_rowid=False,
)
