"""Words that are proposed for products which lack them.

Revision: 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("attribute", sa.String(100), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", "attribute", name=op.f("pk_proposals")),
    )
    op.create_index(op.f("ix_proposals_confidence"), "proposals", ["confidence"])


def downgrade() -> None:
    op.drop_index(op.f("ix_proposals_confidence"), table_name="proposals")
    op.drop_table("proposals")
