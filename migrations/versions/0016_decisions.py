"""What the shop decided on products that are listed twice, and the groups that follow from it.

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pair_decisions",
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("first", sa.Text(), nullable=False),
        sa.Column("second", sa.Text(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "first", "second", name=op.f("pk_pair_decisions")),
    )
    op.create_table(
        "found_pairs",
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("first", sa.Text(), nullable=False),
        sa.Column("second", sa.Text(), nullable=False),
        sa.Column("cosine", sa.Double(), nullable=False),
        sa.Column("difference", sa.Double()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "first", "second", name=op.f("pk_found_pairs")),
    )
    op.create_table(
        "merged_products",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_merged_products")),
    )
    op.create_index(op.f("ix_merged_products_group_key"), "merged_products", ["group_key"])


def downgrade() -> None:
    # Groups are those of the sources again: what was read of these products is read anew.
    op.execute(
        "UPDATE products SET changed = (SELECT version + 1 FROM catalogue_state) "
        "WHERE product_id IN (SELECT product_id FROM merged_products)"
    )
    op.execute("UPDATE catalogue_state SET version = version + 1")
    op.drop_index(op.f("ix_merged_products_group_key"), table_name="merged_products")
    op.drop_table("merged_products")
    op.drop_table("found_pairs")
    op.drop_table("pair_decisions")
