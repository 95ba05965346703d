"""Shopify's webhooks: their queue, and the state of Shopify's products.

Revision: 0006, after 0005.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hooks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.String(200), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("triggered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hooks")),
        sa.UniqueConstraint("webhook_id", name=op.f("uq_hooks_webhook_id")),
    )
    op.create_index(op.f("ix_hooks_state_next_try"), "hooks", ["state", "next_try"])
    op.create_index(op.f("ix_hooks_finished_at"), "hooks", ["finished_at"])
    op.create_table(
        "shopify_products",
        sa.Column("shopify_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("triggered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("shopify_id", name=op.f("pk_shopify_products")),
    )
    _of_products("shopify_ids", sa.Column("product_id", sa.Text(), nullable=False))
    _of_products(
        "shopify_items",
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "shopify_levels",
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("location_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pieces", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("item_id", "location_id", name=op.f("pk_shopify_levels")),
    )


def _of_products(table: str, key: sa.Column[Any], *columns: sa.Column[Any]) -> None:
    """Creates a table whose rows belong to a Shopify product."""
    op.create_table(
        table,
        key,
        *columns,
        sa.Column("shopify_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(key.name, name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["shopify_id"],
            ["shopify_products.shopify_id"],
            name=op.f(f"fk_{table}_shopify_id_shopify_products"),
        ),
    )
    op.create_index(op.f(f"ix_{table}_shopify_id"), table, ["shopify_id"])


def downgrade() -> None:
    for table in ("shopify_levels", "shopify_items", "shopify_ids", "shopify_products", "hooks"):
        op.drop_table(table)
