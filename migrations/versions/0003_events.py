"""The event log: answers, their products and rules, and the events of visitors.

Revision: 0003, after 0002.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("query_id", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seeds", sa.JSON(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("facets", sa.Text(), nullable=False),
        sa.Column("fallback", sa.String(20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("visitor", sa.String(32), nullable=True),
        sa.Column("experiment", sa.Text(), nullable=True),
        sa.Column("arm", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("query_id", name=op.f("pk_answers")),
    )
    _of_answers(
        "answer_products",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=True),
        key="product_id",
    )
    _of_answers("answer_rules", sa.Column("rule_id", sa.Text(), nullable=False), key="rule_id")
    op.create_table(
        "events",
        sa.Column("query_id", sa.String(32), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("query_id", "product_id", "kind", name=op.f("pk_events")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event_losses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_losses")),
    )
    for table in ("answers", "events", "event_losses"):
        op.create_index(op.f(f"ix_{table}_at"), table, ["at"])
    op.create_index(op.f("ix_events_kind_at"), "events", ["kind", "at"])


def _of_answers(table: str, *columns: sa.Column[Any], key: str) -> None:
    """Creates a table whose rows are deleted with their answer."""
    op.create_table(
        table,
        sa.Column("query_id", sa.String(32), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("query_id", key, name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["query_id"],
            ["answers.query_id"],
            name=op.f(f"fk_{table}_query_id_answers"),
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("event_losses", "events", "answer_rules", "answer_products", "answers"):
        op.drop_table(table)
