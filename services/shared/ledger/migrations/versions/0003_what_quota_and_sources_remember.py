"""The quota tells a spent day from a long pause; a source, which webhook was applied last"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "quota", sa.Column("spent_until", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column("sources", sa.Column("heard_at", sa.BigInteger(), nullable=True))
