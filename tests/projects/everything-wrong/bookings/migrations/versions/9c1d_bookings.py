import sqlalchemy as sa
from alembic import op

revision = "9c1d"
down_revision = None


def upgrade():
    op.create_table("booking", sa.Column("id", sa.Integer, primary_key=True), sa.Column("guest", sa.String(80)))
