"""Invitations to workspaces"""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
CREATE TABLE invitations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    email text NOT NULL,
    role text NOT NULL,
    invited_by bigint REFERENCES users ON DELETE SET NULL,
    nonce bytea NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by bigint REFERENCES users ON DELETE SET NULL,
    CONSTRAINT invitations_token_hash_key UNIQUE (token_hash)
);
-- One open invitation per address.
CREATE UNIQUE INDEX invitations_workspace_id_email_idx ON invitations (workspace_id, email) WHERE accepted_at IS NULL;
CREATE INDEX invitations_workspace_id_idx ON invitations (workspace_id);
CREATE INDEX invitations_invited_by_idx ON invitations (invited_by);
CREATE INDEX invitations_accepted_by_idx ON invitations (accepted_by);
CREATE INDEX invitations_expires_at_idx ON invitations (expires_at);
"""
