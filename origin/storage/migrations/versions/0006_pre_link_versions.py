"""Former states of links, further codes for them, and what only Nearhop's edge can do"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
ALTER TABLE links
    ADD COLUMN revision bigint NOT NULL DEFAULT 1,
    ADD COLUMN redirect jsonb,
    -- A row with this set is only another code of that link.
    ADD COLUMN alias_of bigint REFERENCES links ON DELETE CASCADE;
CREATE INDEX links_alias_of_idx ON links (alias_of) WHERE alias_of IS NOT NULL;

CREATE TABLE link_versions (
    link_id bigint NOT NULL REFERENCES links ON DELETE CASCADE,
    revision bigint NOT NULL,
    state jsonb NOT NULL,
    replaced_by bigint REFERENCES users ON DELETE SET NULL,
    replaced_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (link_id, revision)
);
CREATE INDEX link_versions_replaced_by_idx ON link_versions (replaced_by);
"""
