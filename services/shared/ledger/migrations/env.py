"""Alembic's entry: runs on the connection it is given, or makes SQL for nobody."""

from alembic import context

from services.shared.ledger.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
