"""The quota's row tells a day that is spent from a long pause after a burst"""

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
