"""What accounts need beyond a password: sessions that can be listed, tokens sent by mail, throttles"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
-- People who sign in elsewhere have none.
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;

-- A session is a family of refresh tokens.
CREATE TABLE sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    family uuid NOT NULL UNIQUE,
    address text NOT NULL DEFAULT '',
    user_agent text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
INSERT INTO sessions (user_id, family, created_at, last_used_at, expires_at)
    SELECT user_id, family, min(created_at), max(created_at), max(expires_at) FROM refresh_tokens GROUP BY 1, 2;

CREATE TABLE mail_tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purpose text NOT NULL,
    email text NOT NULL,
    user_id bigint REFERENCES users ON DELETE CASCADE,
    payload jsonb,
    nonce bytea NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX mail_tokens_user_id_idx ON mail_tokens (user_id);
CREATE INDEX mail_tokens_purpose_email_idx ON mail_tokens (purpose, email);
CREATE INDEX mail_tokens_expires_at_idx ON mail_tokens (expires_at);

CREATE TABLE throttles (
    key bytea PRIMARY KEY,
    failures integer NOT NULL,
    blocked_until timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX throttles_updated_at_idx ON throttles (updated_at);
"""
