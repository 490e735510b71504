"""Scopes and ends of API keys"""

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
"""
