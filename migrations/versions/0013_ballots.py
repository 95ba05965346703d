"""Votes name their ballot, so that each ballot counts once. Those of before have none.

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("votes", sa.Column("ballot", sa.String(32)))
    op.create_index(op.f("ix_votes_ballot"), "votes", ["ballot"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_votes_ballot"), table_name="votes")
    op.drop_column("votes", "ballot")
