"""Which index on a shared folder or object store is live.

Revision: 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shared_index",
        sa.Column("place", sa.String(40), nullable=False),
        sa.Column("generation", sa.String(100), nullable=False),
        sa.Column("generation_digest", sa.String(64), nullable=False),
        sa.Column("delta", sa.String(100)),
        sa.Column("delta_digest", sa.String(64)),
        sa.Column("published", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_shared_index")),
    )


def downgrade() -> None:
    op.drop_table("shared_index")
