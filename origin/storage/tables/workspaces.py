"""Workspaces: their people, keys, limits and records of what was done."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB

from origin.storage.tables.base import flag_column, id_column, metadata, now, text_column, time_column

workspaces = sa.Table(
    "workspaces",
    metadata,
    id_column(),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("plan", sa.Text, nullable=False, server_default="free"),
    time_column("created_at", default_now=True),
    sa.Column("attribution_model", sa.Text, nullable=False, server_default="last"),
    sa.Column("attribution_days", sa.Integer, nullable=False, server_default="90"),
    text_column("currency"),  # what revenue is summed up in; NULL until the first sale
    sa.Column("exchange_rates", JSONB(none_as_null=True)),
    # Web origins that browsers may call the API from.
    sa.Column("allowed_origins", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("link_defaults", JSONB(none_as_null=True)),  # workspaces.settings.LinkDefaults
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),  # grows with each edit
    sa.Index("workspaces_allowed_origins_idx", "allowed_origins", postgresql_using="gin"),
)


# For read replicas: the place in the write-ahead log, in bytes, before which all that a workspace has written lies.
workspace_writes = sa.Table(
    "workspace_writes",
    metadata,
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("written_at", sa.BigInteger, nullable=False),
)


memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    sa.Column("role", sa.Text, nullable=False),
    time_column("created_at", default_now=True),
)


rate_limits = sa.Table(
    "rate_limits",
    metadata,
    sa.Column("key", BYTEA, primary_key=True),  # a hash of whose bucket it is
    sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("granted", sa.Integer, nullable=False),  # by the last statement, for its RETURNING
    prefixes=["UNLOGGED"],  # a crash of Postgres fills all buckets, which is no loss
)


page_ends = sa.Table(
    "page_ends",
    metadata,
    sa.Column("walk", BYTEA, primary_key=True),  # a hash of who lists what
    sa.Column("root", sa.DateTime(timezone=True), primary_key=True),  # when the walk began
    sa.Column("page", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("value", sa.Text, nullable=False),  # of the column that orders the list, in the page's last row
    sa.Column("number", sa.BigInteger, nullable=False),
    flag_column("followed"),  # whether the page after it has been asked for
    sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False, server_default=now, index=True),
    prefixes=["UNLOGGED"],  # after a crash of Postgres pages are counted from the list's beginning
)


invitations = sa.Table(
    "invitations",
    metadata,
    id_column(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("invited_by", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    sa.Column("nonce", BYTEA, nullable=False),  # the token is made of it and of the secret key
    sa.Column("token_hash", BYTEA, nullable=False, unique=True),
    time_column("created_at", default_now=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    time_column("accepted_at"),
    sa.Column("accepted_by", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    sa.Index(
        "invitations_workspace_id_email_idx",
        "workspace_id",
        "email",
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL"),
    ),
)


api_keys = sa.Table(
    "api_keys",
    metadata,
    id_column(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hint", sa.Text, nullable=False),  # the first characters, to tell keys apart
    sa.Column("key_hash", BYTEA, nullable=False, unique=True),
    time_column("created_at", default_now=True),
    time_column("last_used_at"),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False, server_default="{apis.all}"),
    time_column("expires_at"),
    # After a rotation the former key may be good for a while.
    sa.Column("former_key_hash", BYTEA, unique=True),
    time_column("former_key_until"),
)


idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    # The workspace's id, or 0 for calls of a user that belong to none.
    sa.Column("workspace_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request_hash", BYTEA, nullable=False),
    sa.Column("status", sa.Integer),  # NULL only inside the first call's transaction
    sa.Column("body", BYTEA),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=now, index=True),
)


# No foreign keys: entries outlive what they tell of. Triggers refuse updates, and deletes but for the sweep's.
audit_logs = sa.Table(
    "audit_logs",
    metadata,
    id_column(),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),
    time_column("created_at", default_now=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("resource_type", sa.Text, nullable=False),
    sa.Column("resource_id", sa.Text, nullable=False),
    sa.Column("resource_name", sa.Text, nullable=False, server_default=""),
    sa.Column("before", JSONB(none_as_null=True)),
    sa.Column("after", JSONB(none_as_null=True)),
    sa.Column("actor_type", sa.Text, nullable=False),
    sa.Column("user_id", sa.BigInteger),
    sa.Column("api_key_id", sa.BigInteger),
    sa.Column("session_id", sa.BigInteger),
    text_column("job"),
    sa.Column("address", sa.Text, nullable=False, server_default=""),
    sa.Column("user_agent", sa.Text, nullable=False, server_default=""),
    sa.Column("request_id", sa.Text, nullable=False, server_default=""),
    sa.Index("audit_logs_workspace_id_created_at_id_idx", "workspace_id", "created_at", "id"),
    sa.Index(
        "audit_logs_workspace_id_resource_id_created_at_id_idx", "workspace_id", "resource_id", "created_at", "id"
    ),
    sa.Index("audit_logs_workspace_id_user_id_created_at_id_idx", "workspace_id", "user_id", "created_at", "id"),
    sa.Index("audit_logs_workspace_id_action_created_at_id_idx", "workspace_id", "action", "created_at", "id"),
    sa.Index(
        "audit_logs_workspace_id_resource_type_created_at_id_idx", "workspace_id", "resource_type", "created_at", "id"
    ),
    sa.Index("audit_logs_workspace_id_actor_type_created_at_id_idx", "workspace_id", "actor_type", "created_at", "id"),
    sa.Index("audit_logs_workspace_id_api_key_id_created_at_id_idx", "workspace_id", "api_key_id", "created_at", "id"),
    sa.Index("audit_logs_created_at_idx", "created_at", postgresql_where=sa.text("action = 'workspace.delete'")),
)
