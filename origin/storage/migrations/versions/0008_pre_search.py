"""Searching links: what each is found by, and the words of a workspace for those who mistype"""

from alembic import op

from origin.links import search

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(SCHEMA)
    connection = op.get_bind()
    search.index_all(connection)
    op.execute(INDEXES)


SCHEMA = """
ALTER TABLE links ADD COLUMN search tsvector NOT NULL DEFAULT '';

CREATE TABLE search_words (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    word text COLLATE "C" NOT NULL,
    grams text[] NOT NULL,
    PRIMARY KEY (workspace_id, word)
);
"""

INDEXES = """
CREATE INDEX links_search_idx ON links USING gin (search);
CREATE INDEX search_words_grams_idx ON search_words USING gin (grams);
"""
