"""The page that a rule is limited to.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rules", sa.Column("page", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("rules", "page")
