"""Read replicas: up to where in the log each workspace has written"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
CREATE TABLE workspace_writes (
    workspace_id bigint PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    written_at bigint NOT NULL
);
"""
