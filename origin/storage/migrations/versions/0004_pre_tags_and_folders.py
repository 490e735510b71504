"""Tags and folders for links"""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
CREATE TABLE tags (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    name text NOT NULL,
    color text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX tags_workspace_id_name_idx ON tags (workspace_id, lower(name));

CREATE TABLE link_tags (
    link_id bigint NOT NULL REFERENCES links ON DELETE CASCADE,
    tag_id bigint NOT NULL REFERENCES tags ON DELETE CASCADE,
    PRIMARY KEY (link_id, tag_id)
);
CREATE INDEX link_tags_tag_id_link_id_idx ON link_tags (tag_id, link_id);

CREATE TABLE folders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    name text NOT NULL,
    description text,
    access_level text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX folders_workspace_id_name_idx ON folders (workspace_id, lower(name));

ALTER TABLE links ADD COLUMN folder_id bigint REFERENCES folders ON DELETE SET NULL;
CREATE INDEX links_folder_id_created_at_id_idx ON links (folder_id, created_at, id) WHERE folder_id IS NOT NULL;
"""
