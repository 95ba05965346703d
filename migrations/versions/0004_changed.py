"""The version of the catalogue in which each product last changed.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0 is below every version that a reader may have seen.
    op.add_column(
        "products", sa.Column("changed", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_index(op.f("ix_products_changed"), "products", ["changed"])


def downgrade() -> None:
    op.drop_index(op.f("ix_products_changed"), table_name="products")
    op.drop_column("products", "changed")
