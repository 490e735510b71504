"""The Postgres schema as SQLAlchemy Core tables, for building queries.

The migrations create the schema; a test proves that both agree.
"""

from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TSVECTOR, UUID

Row: TypeAlias = sa.Row[*tuple[Any, ...]]

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}
metadata = sa.MetaData(naming_convention=NAMING)

# Each edit of a KV key takes a number here while it holds the key's row, so versions of one key only grow.
link_version = sa.Sequence("link_version", metadata=metadata)
# Block n holds the numbers n * 1000 to n * 1000 + 999 that codes are made of.
code_block = sa.Sequence("code_block", start=0, minvalue=0, metadata=metadata)

_now = sa.text("now()")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True)


def _time(name: str, *, default_now: bool = False) -> sa.Column[Any]:
    server_default = _now if default_now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not default_now, server_default=server_default)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


users = sa.Table(
    "users",
    metadata,
    _id(),
    sa.Column("email", sa.Text, nullable=False, unique=True),  # lower case
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    _text("password_hash"),  # NULL: signs in elsewhere
    _time("created_at", default_now=True),
)

workspaces = sa.Table(
    "workspaces",
    metadata,
    _id(),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("plan", sa.Text, nullable=False, server_default="free"),
    _time("created_at", default_now=True),
    sa.Column("attribution_model", sa.Text, nullable=False, server_default="last"),
    sa.Column("attribution_days", sa.Integer, nullable=False, server_default="90"),
    _text("currency"),  # what revenue is summed up in; NULL until the first sale
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
    _time("created_at", default_now=True),
)

refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    _id(),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("family", UUID, nullable=False, index=True),
    sa.Column("token_hash", BYTEA, nullable=False, unique=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    _time("used_at"),
    _time("created_at", default_now=True),
)

sessions = sa.Table(
    "sessions",
    metadata,
    _id(),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("family", UUID, nullable=False, unique=True),
    sa.Column("address", sa.Text, nullable=False, server_default=""),
    sa.Column("user_agent", sa.Text, nullable=False, server_default=""),
    _time("created_at", default_now=True),
    _time("last_used_at", default_now=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)

mail_tokens = sa.Table(
    "mail_tokens",
    metadata,
    _id(),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), index=True),
    sa.Column("payload", JSONB(none_as_null=True)),
    sa.Column("nonce", BYTEA, nullable=False),  # the token is made of it and of the secret key
    sa.Column("token_hash", BYTEA, nullable=False, unique=True),
    _time("created_at", default_now=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    _time("used_at"),
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
    _time("confirmed_at"),  # NULL: the secret was shown, but no code of it yet
    _time("created_at", default_now=True),
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
    _id(),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("credential_id", BYTEA, nullable=False, unique=True),
    sa.Column("public_key", BYTEA, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False, server_default="0"),
    _flag("backed_up"),
    sa.Column("transports", ARRAY(sa.Text), nullable=False, server_default="{}"),
    _time("created_at", default_now=True),
    _time("last_used_at"),
)

identities = sa.Table(
    "identities",
    metadata,
    _id(),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),  # as it was when it was linked
    _time("created_at", default_now=True),
    _time("last_used_at", default_now=True),
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
    _time("blocked_until"),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=_now, index=True),
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
    _flag("followed"),  # whether the page after it has been asked for
    sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False, server_default=_now, index=True),
    prefixes=["UNLOGGED"],  # after a crash of Postgres pages are counted from the list's beginning
)

invitations = sa.Table(
    "invitations",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("invited_by", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    sa.Column("nonce", BYTEA, nullable=False),  # the token is made of it and of the secret key
    sa.Column("token_hash", BYTEA, nullable=False, unique=True),
    _time("created_at", default_now=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    _time("accepted_at"),
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
    _id(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hint", sa.Text, nullable=False),  # the first characters, to tell keys apart
    sa.Column("key_hash", BYTEA, nullable=False, unique=True),
    _time("created_at", default_now=True),
    _time("last_used_at"),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False, server_default="{apis.all}"),
    _time("expires_at"),
    # After a rotation the former key may be good for a while.
    sa.Column("former_key_hash", BYTEA, unique=True),
    _time("former_key_until"),
)

domains = sa.Table(
    "domains",
    metadata,
    _id(),
    # NULL: shared by every workspace of the installation.
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), index=True),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    _flag("is_primary"),
    _flag("archived"),
    _text("placeholder"),
    _text("expired_url"),
    _text("not_found_url"),
    _text("logo"),
    _time("created_at", default_now=True),
    _time("updated_at", default_now=True),
    _time("verified_at"),  # when the workspace proved that the domain is its own; NULL: not yet, or no longer
    _flag("configured"),  # whether the domain leads to the edge
    _time("checked_at"),
    _text("check_detail"),
    _text("root_url"),
    _text("robots"),
    _text("favicon"),
    _flag("ignore_case"),
    sa.Column("asset_links", JSONB(none_as_null=True)),
    sa.Column("apple_app_site_association", JSONB(none_as_null=True)),
    _text("hostname_status"),  # of Cloudflare's custom hostname: pending, active, failed; NULL: there is none
    _text("hostname_detail"),
    sa.Index("domains_checked_at_idx", "checked_at", postgresql_where=sa.text("workspace_id IS NOT NULL")),
    sa.Index("domains_workspace_id_primary_idx", "workspace_id", unique=True, postgresql_where=sa.text("is_primary")),
)

links = sa.Table(
    "links",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    sa.Column("domain", sa.ForeignKey("domains.slug"), nullable=False),
    # In byte order, as Workers KV lists its keys: reconcile walks both side by side on the index of (domain, key).
    sa.Column("key", sa.Text(collation="C"), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("kv_value", sa.Text, nullable=False),  # what KV shall hold, rendered when the link changes
    _text("external_id"),
    _text("tenant_id"),
    _text("program_id"),
    _text("partner_id"),
    _text("title"),
    _text("description"),
    _text("image"),
    _text("video"),
    _text("comments"),
    _text("ios"),
    _text("android"),
    sa.Column("geo", JSONB(none_as_null=True)),
    _time("expires_at"),
    _text("expired_url"),
    _time("disabled_at"),
    _text("password_hash"),
    _text("utm_source"),
    _text("utm_medium"),
    _text("utm_campaign"),
    _text("utm_term"),
    _text("utm_content"),
    sa.Column("test_variants", JSONB(none_as_null=True)),
    _time("test_started_at"),
    _time("test_completed_at"),
    _flag("track_conversion"),
    _flag("archived"),
    _flag("proxy"),
    _flag("rewrite"),
    _flag("do_index"),
    _flag("public_stats"),
    _time("created_at", default_now=True),
    _time("updated_at", default_now=True),
    sa.Column("folder_id", sa.ForeignKey("folders.id", ondelete="SET NULL")),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),  # grows with each edit
    sa.Column("redirect", JSONB(none_as_null=True)),  # links.redirects.Redirect
    # A row with this set is only another code of that link.
    sa.Column("alias_of", sa.ForeignKey("links.id", ondelete="CASCADE")),
    sa.Column("search", TSVECTOR, nullable=False, server_default=""),  # links.search
    sa.Column("quarantine", JSONB(none_as_null=True)),  # safety.quarantine: action, reason, source
    _time("capped_at"),  # when it had the clicks that `redirect.maxClicks` allows; NULL: it is open
    sa.Index("links_search_idx", "search", postgresql_using="gin"),
    # Holds all that a count of a workspace's links looks at.
    sa.Index(
        "links_workspace_id_archived_idx", "workspace_id", "archived", postgresql_where=sa.text("alias_of IS NULL")
    ),
    sa.Index("links_alias_of_idx", "alias_of", postgresql_where=sa.text("alias_of IS NOT NULL")),
    sa.UniqueConstraint("domain", "key"),
    sa.UniqueConstraint("workspace_id", "external_id"),
    sa.Index("links_workspace_id_created_at_id_idx", "workspace_id", "created_at", "id"),
    sa.Index("links_workspace_id_updated_at_id_idx", "workspace_id", "updated_at", "id"),
    sa.Index(
        "links_workspace_id_tenant_id_idx",
        "workspace_id",
        "tenant_id",
        postgresql_where=sa.text("tenant_id IS NOT NULL"),
    ),
    sa.Index(
        "links_folder_id_created_at_id_idx",
        "folder_id",
        "created_at",
        "id",
        postgresql_where=sa.text("folder_id IS NOT NULL"),
    ),
    # A URL may be longer than what a btree entry holds.
    sa.Index("links_workspace_id_url_hash_idx", "workspace_id", sa.text("hashtextextended(url, 0)")),
)

tags = sa.Table(
    "tags",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("color", sa.Text, nullable=False),
    _time("created_at", default_now=True),
    sa.Index("tags_workspace_id_name_idx", "workspace_id", sa.text("lower(name)"), unique=True),
)

link_tags = sa.Table(
    "link_tags",
    metadata,
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
    sa.Index("link_tags_tag_id_link_id_idx", "tag_id", "link_id"),
)

search_words = sa.Table(
    "search_words",
    metadata,
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("word", sa.Text(collation="C"), primary_key=True),
    sa.Column("grams", ARRAY(sa.Text), nullable=False),
    sa.Index("search_words_grams_idx", "grams", postgresql_using="gin"),
)

link_versions = sa.Table(
    "link_versions",
    metadata,
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("state", JSONB, nullable=False),  # links.versions
    sa.Column("replaced_by", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    _time("replaced_at", default_now=True),
)

folders = sa.Table(
    "folders",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    _text("description"),
    _text("access_level"),
    _time("created_at", default_now=True),
    _time("updated_at", default_now=True),
    sa.Index("folders_workspace_id_name_idx", "workspace_id", sa.text("lower(name)"), unique=True),
)

outbox = sa.Table(
    "outbox",
    metadata,
    _id(),
    sa.Column("key", sa.Text, nullable=False, index=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    _text("value"),  # NULL: delete the key
    _time("created_at", default_now=True),
    _time("available_at", default_now=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    _text("last_error"),
    _time("poisoned_at"),
    sa.Column("priority", sa.SmallInteger, nullable=False, server_default="0"),  # the highest goes first: origin.outbox
    sa.Index(
        "outbox_priority_available_at_id_idx",
        sa.text("priority DESC"),
        "available_at",
        "id",
        postgresql_where=sa.text("poisoned_at IS NULL"),
    ),
)

kv_keys = sa.Table(
    "kv_keys",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False, server_default="0"),  # what KV has
    _flag("deleted"),
    _time("synced_at"),
    _text("claimed_by"),
    _time("claimed_until"),
)

# What kvsync published last, in the order in which it tells the edge; only kvsync reads and writes these two.
kv_feed = sa.Table(
    "kv_feed",
    metadata,
    _id(),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("number", sa.BigInteger),  # its place in the feed, once it has one
    _time("listed_at"),
    sa.Index("kv_feed_id_idx", "id", postgresql_where=sa.text("number IS NULL")),
)

kv_feed_state = sa.Table(
    "kv_feed_state",
    metadata,
    sa.Column("single", sa.Boolean, primary_key=True, server_default=sa.true()),  # one row
    sa.Column("head", sa.BigInteger, nullable=False, server_default="0"),  # the highest number given
    sa.Column("shown", sa.BigInteger, nullable=False, server_default="0"),  # the highest that KV has
    _time("since", default_now=True),
    _time("written_at"),
    _text("claimed_by"),
    _time("claimed_until"),
)

link_claims = sa.Table(
    "link_claims",
    metadata,
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("claim", sa.Text, nullable=False),  # the id that the edge gave the visit that opened it
    sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
)

quarantines = sa.Table(
    "quarantines",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("link_id", sa.BigInteger, nullable=False),  # what was done is known longer than the link
    sa.Column("domain", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    _time("placed_at", default_now=True),
    sa.Column("placed_by", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    _time("released_at"),
    sa.Column("released_by", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    _text("release_note"),
    sa.Index("quarantines_workspace_id_link_id_idx", "workspace_id", "link_id"),
    sa.Index("quarantines_in_force_idx", "link_id", unique=True, postgresql_where=sa.text("released_at IS NULL")),
)

link_reports = sa.Table(
    "link_reports",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False, server_default=""),
    sa.Column("reporter", BYTEA, nullable=False),  # a hash of the network, so that one counts once
    _time("created_at", default_now=True),
    _text("outcome"),
    _time("settled_at"),
    sa.Column("settled_by", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    _time("reviewed_at"),  # by the operator, who need not agree with the workspace
    sa.Index(
        "link_reports_open_idx", "link_id", "reporter", unique=True, postgresql_where=sa.text("settled_at IS NULL")
    ),
    sa.Index("link_reports_workspace_id_id_idx", "workspace_id", "id"),
    sa.Index("link_reports_unreviewed_idx", "id", postgresql_where=sa.text("reviewed_at IS NULL")),
)

link_checks = sa.Table(
    "link_checks",
    metadata,
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    _time("checked_at", default_now=True),
)

link_caps = sa.Table(
    "link_caps",
    metadata,
    # A link with `redirect.maxClicks`.
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    _time("counted_from"),  # clicks from then on are counted here; NULL: all, since the link was made with its cap
    sa.Column("clicks", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("clicks_before", sa.BigInteger, nullable=False, server_default="0"),  # what ClickHouse had of before
)

counted_blocks = sa.Table(
    "counted_blocks",
    metadata,
    sa.Column("block_id", sa.Text, primary_key=True),
    sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False, server_default=_now, index=True),
)

click_batches = sa.Table(
    "click_batches",
    metadata,
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("block_id", sa.Text, nullable=False, index=True),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, server_default=_now, index=True),
)

customers = sa.Table(
    "customers",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("external_id", sa.Text, nullable=False),
    _text("name"),
    _text("email"),
    _text("avatar"),
    _text("country"),
    _text("stripe_customer_id"),
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="SET NULL"), index=True),  # of the first click
    sa.Column("sales", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("revenue", JSONB, nullable=False, server_default="{}"),  # minor units by currency
    sa.Column("sale_amount", sa.BigInteger, nullable=False, server_default="0"),  # in the workspace's currency
    _time("first_sale_at"),
    _time("subscription_canceled_at"),
    _time("created_at", default_now=True),
    sa.UniqueConstraint("workspace_id", "external_id"),
    sa.Index("customers_workspace_id_created_at_id_idx", "workspace_id", "created_at", "id"),
    sa.Index("customers_workspace_id_sale_amount_id_idx", "workspace_id", "sale_amount", "id"),
    sa.Index(
        "customers_workspace_id_email_idx", "workspace_id", "email", postgresql_where=sa.text("email IS NOT NULL")
    ),
)

customer_clicks = sa.Table(
    "customer_clicks",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("customer_id", sa.ForeignKey("customers.id", ondelete="SET NULL")),
    sa.Column("click_id", sa.Text, nullable=False),
    # These three are NULL until ClickHouse has the click.
    sa.Column("link_id", sa.BigInteger),
    _time("clicked_at"),
    sa.Column("facts", JSONB(none_as_null=True)),  # conversions.facts
    _time("seen_at", default_now=True),
    # When it is looked for again; NULL: it was found, or is given up.
    sa.Column("look_at", sa.DateTime(timezone=True), server_default=_now),
    sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
    sa.UniqueConstraint("customer_id", "click_id"),
    sa.Index("customer_clicks_look_at_idx", "look_at", postgresql_where=sa.text("look_at IS NOT NULL")),
    sa.Index("customer_clicks_workspace_id_seen_at_idx", "workspace_id", "seen_at"),
)

_ONCE = "outcome <> 'duplicate'"
conversions = sa.Table(
    "conversions",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("customer_id", sa.ForeignKey("customers.id", ondelete="SET NULL"), index=True),
    sa.Column("event", sa.Text, nullable=False),  # lead or sale
    sa.Column("event_name", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),  # pending, counted, unattributed or duplicate
    _time("occurred_at", default_now=True),
    sa.Column("window_days", sa.Integer, nullable=False),  # the workspace's at that time
    sa.Column("quantity", sa.BigInteger, nullable=False, server_default="1"),
    sa.Column("amount", sa.BigInteger, nullable=False, server_default="0"),  # minor units of the currency
    sa.Column("currency", sa.Text, nullable=False, server_default=""),
    sa.Column("sale_type", sa.Text, nullable=False, server_default=""),
    _text("invoice_id"),
    sa.Column("payment_processor", sa.Text, nullable=False, server_default=""),
    sa.Column("metadata", JSONB(none_as_null=True)),
    sa.Column("lead_id", sa.ForeignKey("conversions.id", ondelete="SET NULL")),  # whose clicks are the sale's too
    sa.Column("last_click", sa.ForeignKey("customer_clicks.id", ondelete="SET NULL"), index=True),
    sa.Column("first_click", sa.ForeignKey("customer_clicks.id", ondelete="SET NULL"), index=True),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),  # of the rows in ClickHouse
    _time("stored_at"),  # when ClickHouse had this revision
    sa.Index(
        "conversions_lead_idx", "customer_id", "event_name", unique=True,
        postgresql_where=sa.text(f"event = 'lead' AND {_ONCE}"),
    ),
    sa.Index(
        "conversions_invoice_idx", "workspace_id", "invoice_id", unique=True,
        postgresql_where=sa.text(f"event = 'sale' AND {_ONCE}"),
    ),
    sa.Index("conversions_workspace_id_occurred_at_id_idx", "workspace_id", "occurred_at", "id"),
    sa.Index(
        "conversions_unstored_idx", "id", postgresql_where=sa.text("outcome = 'counted' AND stored_at IS NULL")
    ),
    sa.Index("conversions_lead_id_idx", "lead_id", postgresql_where=sa.text("lead_id IS NOT NULL")),
)  # fmt: skip

# The counters that each isolate of the edge told last; those of isolates that ended are folded into the one without a name.
edge_counters = sa.Table(
    "edge_counters",
    metadata,
    sa.Column("isolate", sa.Text, primary_key=True),
    sa.Column("counters", JSONB, nullable=False),
    sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=_now, index=True),
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
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now, index=True),
)

# No foreign keys: entries outlive what they tell of. Triggers refuse updates, and deletes but for the sweep's.
audit_logs = sa.Table(
    "audit_logs",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),
    _time("created_at", default_now=True),
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
    _text("job"),
    sa.Column("address", sa.Text, nullable=False, server_default=""),
    sa.Column("user_agent", sa.Text, nullable=False, server_default=""),
    sa.Column("request_id", sa.Text, nullable=False, server_default=""),
    sa.Index("audit_logs_workspace_id_created_at_id_idx", "workspace_id", "created_at", "id"),
    sa.Index(
        "audit_logs_workspace_id_resource_id_created_at_id_idx", "workspace_id", "resource_id", "created_at", "id"
    ),
    sa.Index("audit_logs_workspace_id_user_id_created_at_id_idx", "workspace_id", "user_id", "created_at", "id"),
    sa.Index("audit_logs_workspace_id_action_created_at_id_idx", "workspace_id", "action", "created_at", "id"),
    sa.Index("audit_logs_created_at_idx", "created_at", postgresql_where=sa.text("action = 'workspace.delete'")),
)
