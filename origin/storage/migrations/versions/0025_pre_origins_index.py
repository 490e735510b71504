"""Origins that workspaces allow: found for a preflight, which names no workspace"""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.execute("CREATE INDEX workspaces_allowed_origins_idx ON workspaces USING gin (allowed_origins)")
