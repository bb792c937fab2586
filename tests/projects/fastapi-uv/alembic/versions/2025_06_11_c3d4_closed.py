"""tickets can be closed"""

import sqlalchemy as sa
from alembic import op

revision = "c3d4"
down_revision = "a1b2"


def upgrade() -> None:
    op.add_column("ticket", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("ticket", "closed_at")
