"""Scopes and ends of API keys, settings of workspaces, invitations"""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
ALTER TABLE api_keys
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{apis.all}',
    ADD COLUMN expires_at timestamptz,
    -- After a rotation the former key may be good for a while.
    ADD COLUMN former_key_hash bytea UNIQUE,
    ADD COLUMN former_key_until timestamptz;

ALTER TABLE workspaces
    ADD COLUMN require_second_factor boolean NOT NULL DEFAULT false,
    ADD COLUMN audit_days integer NOT NULL DEFAULT 365;

CREATE TABLE invitations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    email text NOT NULL,
    role text NOT NULL,
    invited_by bigint REFERENCES users ON DELETE SET NULL,
    nonce bytea NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    UNIQUE (workspace_id, email)
);
CREATE INDEX invitations_invited_by_idx ON invitations (invited_by);
"""
