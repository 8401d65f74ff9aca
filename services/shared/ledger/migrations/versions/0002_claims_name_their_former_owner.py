"""Claims name whose claim ran out before them, so that claiming is one statement"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("claims", sa.Column("former", sa.Text(), nullable=True))
    op.create_index("ix_claims_owner", "claims", ["owner"], unique=False)
