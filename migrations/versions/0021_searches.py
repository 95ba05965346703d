"""Searches in words in the event log.

Revision: 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answers", sa.Column("text", sa.Text(), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM answers WHERE text IS NOT NULL")  # they would count as panels
    op.drop_column("answers", "text")
