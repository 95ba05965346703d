"""What the desk decided on proposed words, and the neighbours that speak for them.

Revision: 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("proposals", sa.Column("neighbours", sa.JSON(), nullable=True))
    op.create_table(
        "word_decisions",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("attribute", sa.String(100), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("neighbours", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", "attribute", "word", name=op.f("pk_word_decisions")),
    )
    op.create_index(op.f("ix_word_decisions_decided_at"), "word_decisions", ["decided_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_word_decisions_decided_at"), table_name="word_decisions")
    op.drop_table("word_decisions")
    with op.batch_alter_table("proposals") as batch:
        batch.drop_column("neighbours")
