"""Quarantines of links, reports of them by visitors, and when each was last compared with the lists of harmful addresses"""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
ALTER TABLE links ADD COLUMN quarantine jsonb;

CREATE TABLE quarantines (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    link_id bigint NOT NULL,
    domain text NOT NULL,
    key text NOT NULL,
    url text NOT NULL,
    source text NOT NULL,
    action text NOT NULL,
    reason text NOT NULL,
    note text NOT NULL DEFAULT '',
    placed_at timestamptz NOT NULL DEFAULT now(),
    placed_by bigint REFERENCES users ON DELETE SET NULL,
    released_at timestamptz,
    released_by bigint REFERENCES users ON DELETE SET NULL,
    release_note text
);
CREATE INDEX quarantines_workspace_id_link_id_idx ON quarantines (workspace_id, link_id);
CREATE UNIQUE INDEX quarantines_in_force_idx ON quarantines (link_id) WHERE released_at IS NULL;
CREATE INDEX quarantines_placed_by_idx ON quarantines (placed_by);
CREATE INDEX quarantines_released_by_idx ON quarantines (released_by);

CREATE TABLE link_reports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    link_id bigint NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    reason text NOT NULL,
    comment text NOT NULL DEFAULT '',
    reporter bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    outcome text,
    settled_at timestamptz,
    settled_by bigint REFERENCES users ON DELETE SET NULL,
    reviewed_at timestamptz
);
CREATE UNIQUE INDEX link_reports_open_idx ON link_reports (link_id, reporter) WHERE settled_at IS NULL;
CREATE INDEX link_reports_workspace_id_id_idx ON link_reports (workspace_id, id);
CREATE INDEX link_reports_unreviewed_idx ON link_reports (id) WHERE reviewed_at IS NULL;
CREATE INDEX link_reports_settled_by_idx ON link_reports (settled_by);

CREATE TABLE link_checks (
    link_id bigint PRIMARY KEY REFERENCES links (id) ON DELETE CASCADE,
    checked_at timestamptz NOT NULL DEFAULT now()
);
"""
