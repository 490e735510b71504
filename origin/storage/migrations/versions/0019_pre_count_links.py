"""Links: an index that counts a workspace's without reading them"""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
CREATE INDEX links_workspace_id_archived_idx ON links (workspace_id, archived) WHERE alias_of IS NULL;
"""
