"""Accounts: who there is, and how they are let in."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, UUID

from origin.storage.tables.base import flag_column, id_column, metadata, now, text_column, time_column

users = sa.Table(
    "users",
    metadata,
    id_column(),
    sa.Column("email", sa.Text, nullable=False, unique=True),  # lower case
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    text_column("password_hash"),  # NULL: signs in elsewhere
    time_column("created_at", default_now=True),
)


refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    id_column(),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("family", UUID, nullable=False, index=True),
    sa.Column("token_hash", BYTEA, nullable=False, unique=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    time_column("used_at"),
    time_column("created_at", default_now=True),
)


sessions = sa.Table(
    "sessions",
    metadata,
    id_column(),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("family", UUID, nullable=False, unique=True),
    sa.Column("address", sa.Text, nullable=False, server_default=""),
    sa.Column("user_agent", sa.Text, nullable=False, server_default=""),
    time_column("created_at", default_now=True),
    time_column("last_used_at", default_now=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)


mail_tokens = sa.Table(
    "mail_tokens",
    metadata,
    id_column(),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), index=True),
    sa.Column("payload", JSONB(none_as_null=True)),
    sa.Column("nonce", BYTEA, nullable=False),  # the token is made of it and of the secret key
    sa.Column("token_hash", BYTEA, nullable=False, unique=True),
    time_column("created_at", default_now=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    time_column("used_at"),
    sa.Index("mail_tokens_purpose_email_idx", "purpose", "email"),
)


totp_factors = sa.Table(
    "totp_factors",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("secret", BYTEA, nullable=False),  # accounts.secret_box
    sa.Column(
        "last_step", sa.BigInteger, nullable=False, server_default="0"
    ),  # that of the last code, which is used up
    time_column("confirmed_at"),  # NULL: the secret was shown, but no code of it yet
    time_column("created_at", default_now=True),
)


recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("code_hash", BYTEA, primary_key=True),
)


passkeys = sa.Table(
    "passkeys",
    metadata,
    id_column(),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("credential_id", BYTEA, nullable=False, unique=True),
    sa.Column("public_key", BYTEA, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False, server_default="0"),
    flag_column("backed_up"),
    sa.Column("transports", ARRAY(sa.Text), nullable=False, server_default="{}"),
    time_column("created_at", default_now=True),
    time_column("last_used_at"),
)


identities = sa.Table(
    "identities",
    metadata,
    id_column(),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),  # as it was when it was linked
    time_column("created_at", default_now=True),
    time_column("last_used_at", default_now=True),
    sa.UniqueConstraint("issuer", "subject"),
    sa.UniqueConstraint("user_id", "issuer"),
)


auth_steps = sa.Table(
    "auth_steps",
    metadata,
    sa.Column("token_hash", BYTEA, primary_key=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), index=True),
    sa.Column("payload", JSONB(none_as_null=True)),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)


throttles = sa.Table(
    "throttles",
    metadata,
    sa.Column("key", BYTEA, primary_key=True),  # a hash: no need to keep what was tried
    sa.Column("failures", sa.Integer, nullable=False),
    time_column("blocked_until"),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=now, index=True),
)
