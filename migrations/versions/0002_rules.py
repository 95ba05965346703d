"""Sale prices and merchandising rules.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ALTERs, for which no database copies a table.
    op.add_column("products", sa.Column("sale_price", sa.BigInteger(), nullable=True))
    op.add_column(
        "catalogue_state",
        sa.Column("rules_version", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_table(
        "rules",
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=True),
        sa.Column("conditions", sa.JSON(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("amount", sa.Double(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("rule_id", name=op.f("pk_rules")),
    )


def downgrade() -> None:
    op.drop_table("rules")
    # SQLite drops a column in place since 3.35; copying `products` would cascade to its photos.
    op.drop_column("catalogue_state", "rules_version")
    op.drop_column("products", "sale_price")
