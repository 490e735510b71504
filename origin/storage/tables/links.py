"""Domains and links, and what belongs to them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from origin.storage.tables.base import flag_column, id_column, metadata, text_column, time_column

domains = sa.Table(
    "domains",
    metadata,
    id_column(),
    # NULL: shared by every workspace of the installation.
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), index=True),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    flag_column("is_primary"),
    flag_column("archived"),
    text_column("placeholder"),
    text_column("expired_url"),
    text_column("not_found_url"),
    text_column("logo"),
    time_column("created_at", default_now=True),
    time_column("updated_at", default_now=True),
    time_column("verified_at"),  # when the workspace proved that the domain is its own; NULL: not yet, or no longer
    flag_column("configured"),  # whether the domain leads to the edge
    time_column("checked_at"),
    text_column("check_detail"),
    text_column("root_url"),
    text_column("robots"),
    text_column("favicon"),
    flag_column("ignore_case"),
    sa.Column("asset_links", JSONB(none_as_null=True)),
    sa.Column("apple_app_site_association", JSONB(none_as_null=True)),
    text_column("hostname_status"),  # of Cloudflare's custom hostname: pending, active, failed; NULL: there is none
    text_column("hostname_detail"),
    sa.Index("domains_checked_at_idx", "checked_at", postgresql_where=sa.text("workspace_id IS NOT NULL")),
    sa.Index("domains_workspace_id_primary_idx", "workspace_id", unique=True, postgresql_where=sa.text("is_primary")),
)


links = sa.Table(
    "links",
    metadata,
    id_column(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    sa.Column("domain", sa.ForeignKey("domains.slug"), nullable=False),
    # In byte order, as Workers KV lists its keys: reconcile walks both side by side on the index of (domain, key).
    sa.Column("key", sa.Text(collation="C"), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("kv_value", sa.Text, nullable=False),  # what KV shall hold, rendered when the link changes
    text_column("external_id"),
    text_column("tenant_id"),
    text_column("program_id"),
    text_column("partner_id"),
    text_column("title"),
    text_column("description"),
    text_column("image"),
    text_column("video"),
    text_column("comments"),
    text_column("ios"),
    text_column("android"),
    sa.Column("geo", JSONB(none_as_null=True)),
    time_column("expires_at"),
    text_column("expired_url"),
    time_column("disabled_at"),
    text_column("password_hash"),
    text_column("utm_source"),
    text_column("utm_medium"),
    text_column("utm_campaign"),
    text_column("utm_term"),
    text_column("utm_content"),
    sa.Column("test_variants", JSONB(none_as_null=True)),
    time_column("test_started_at"),
    time_column("test_completed_at"),
    flag_column("track_conversion"),
    flag_column("archived"),
    flag_column("proxy"),
    flag_column("rewrite"),
    flag_column("do_index"),
    flag_column("public_stats"),
    time_column("created_at", default_now=True),
    time_column("updated_at", default_now=True),
    sa.Column("folder_id", sa.ForeignKey("folders.id", ondelete="SET NULL")),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),  # grows with each edit
    sa.Column("redirect", JSONB(none_as_null=True)),  # links.redirects.Redirect
    # A row with this set is only another code of that link.
    sa.Column("alias_of", sa.ForeignKey("links.id", ondelete="CASCADE")),
    sa.Column("search", TSVECTOR, nullable=False, server_default=""),  # links.search
    sa.Column("quarantine", JSONB(none_as_null=True)),  # safety.quarantine: action, reason, source
    time_column("capped_at"),  # when it had the clicks that `redirect.maxClicks` allows; NULL: it is open
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
    id_column(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("color", sa.Text, nullable=False),
    time_column("created_at", default_now=True),
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
    time_column("replaced_at", default_now=True),
)


folders = sa.Table(
    "folders",
    metadata,
    id_column(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    text_column("description"),
    text_column("access_level"),
    time_column("created_at", default_now=True),
    time_column("updated_at", default_now=True),
    sa.Index("folders_workspace_id_name_idx", "workspace_id", sa.text("lower(name)"), unique=True),
)
