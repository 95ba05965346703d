"""The digest of the source row that each product was read from.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # NULL: the next ingest parses the row and stores its digest.
    op.add_column("products", sa.Column("row_digest", sa.String(48), nullable=True))


def downgrade() -> None:
    op.drop_column("products", "row_digest")
