"""Pages by number: where each page of a walk through a list has ended"""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
CREATE UNLOGGED TABLE page_ends (
    walk bytea,
    root timestamptz,
    page integer,
    value text NOT NULL,
    number bigint NOT NULL,
    followed boolean NOT NULL DEFAULT false,
    ended_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (walk, root, page)
);
CREATE INDEX page_ends_ended_at_idx ON page_ends (ended_at);
"""
