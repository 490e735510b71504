"""What closes links: claims, caps, quarantines, reports and checks."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from origin.storage.tables.base import id_column, metadata, now, text_column, time_column

link_claims = sa.Table(
    "link_claims",
    metadata,
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("claim", sa.Text, nullable=False),  # the id that the edge gave the visit that opened it
    sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
)


_CLOSED = sa.text("released_at IS NULL AND source = 'operator'")
quarantines = sa.Table(
    "quarantines",
    metadata,
    id_column(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("link_id", sa.BigInteger, nullable=False),  # what was done is known longer than the link
    sa.Column("domain", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    time_column("placed_at", default_now=True),
    sa.Column("placed_by", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    time_column("released_at"),
    sa.Column("released_by", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    text_column("release_note"),
    sa.Index("quarantines_workspace_id_link_id_idx", "workspace_id", "link_id"),
    sa.Index("quarantines_in_force_idx", "link_id", unique=True, postgresql_where=sa.text("released_at IS NULL")),
    sa.Index("quarantines_closed_place_idx", "domain", "key", postgresql_where=_CLOSED),
    sa.Index(
        "quarantines_closed_url_idx", "workspace_id", sa.text("hashtextextended(url, 0)"), postgresql_where=_CLOSED
    ),
)


link_reports = sa.Table(
    "link_reports",
    metadata,
    id_column(),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False, server_default=""),
    sa.Column("reporter", BYTEA, nullable=False),  # a hash of the network, so that one counts once
    time_column("created_at", default_now=True),
    text_column("outcome"),
    time_column("settled_at"),
    sa.Column("settled_by", sa.ForeignKey("users.id", ondelete="SET NULL"), index=True),
    time_column("reviewed_at"),  # by the operator, who need not agree with the workspace
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
    time_column("checked_at", default_now=True),
)


link_caps = sa.Table(
    "link_caps",
    metadata,
    # A link with `redirect.maxClicks`.
    sa.Column("link_id", sa.ForeignKey("links.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    time_column(
        "counted_from"
    ),  # clicks from then on are counted here; NULL: all, since the link was made with its cap
    sa.Column("clicks", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("clicks_before", sa.BigInteger, nullable=False, server_default="0"),  # what ClickHouse had of before
)
