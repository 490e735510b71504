"""A second factor: authenticator apps, recovery codes, and log-ins of more than one step"""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
CREATE TABLE totp_factors (
    user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    secret bytea NOT NULL,
    last_step bigint NOT NULL DEFAULT 0,
    confirmed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE recovery_codes (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE auth_steps (
    token_hash bytea PRIMARY KEY,
    purpose text NOT NULL,
    user_id bigint REFERENCES users ON DELETE CASCADE,
    payload jsonb,
    expires_at timestamptz NOT NULL
);
CREATE INDEX auth_steps_user_id_idx ON auth_steps (user_id);
CREATE INDEX auth_steps_expires_at_idx ON auth_steps (expires_at);
"""
