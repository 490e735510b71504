"""What the edge is told, and what it told."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from origin.storage.tables.base import flag_column, id_column, metadata, now, text_column, time_column

outbox = sa.Table(
    "outbox",
    metadata,
    id_column(),
    sa.Column("key", sa.Text, nullable=False, index=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    text_column("value"),  # NULL: delete the key
    time_column("created_at", default_now=True),
    time_column("available_at", default_now=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    text_column("last_error"),
    time_column("poisoned_at"),
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
    flag_column("deleted"),
    time_column("synced_at"),
    text_column("claimed_by"),
    time_column("claimed_until"),
)


# What kvsync published last, in the order in which it tells the edge; only kvsync reads and writes these two.
kv_feed = sa.Table(
    "kv_feed",
    metadata,
    id_column(),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("number", sa.BigInteger),  # its place in the feed, once it has one
    time_column("listed_at"),
    sa.Index("kv_feed_id_idx", "id", postgresql_where=sa.text("number IS NULL")),
)


kv_feed_state = sa.Table(
    "kv_feed_state",
    metadata,
    sa.Column("single", sa.Boolean, primary_key=True, server_default=sa.true()),  # one row
    sa.Column("head", sa.BigInteger, nullable=False, server_default="0"),  # the highest number given
    sa.Column("shown", sa.BigInteger, nullable=False, server_default="0"),  # the highest that KV has
    time_column("since", default_now=True),
    time_column("written_at"),
    text_column("claimed_by"),
    time_column("claimed_until"),
)


# The links visited most lately, the most visited first: origin ranks them, kvsync writes their records into packs.
popular_links = sa.Table(
    "popular_links",
    metadata,
    sa.Column("single", sa.Boolean, primary_key=True, server_default=sa.true()),  # one row
    sa.Column("link_ids", ARRAY(sa.BigInteger), nullable=False, server_default="{}"),
    time_column("ranked_at"),  # when they changed last
    time_column("looked_at"),  # when somebody last looked whether they do
)


kv_packs_state = sa.Table(
    "kv_packs_state",
    metadata,
    sa.Column("single", sa.Boolean, primary_key=True, server_default=sa.true()),  # one row
    sa.Column("packs", sa.Integer, nullable=False, server_default="0"),  # how many KV has
    time_column("written_at"),
    time_column("read_at"),  # when their records were read
    time_column("ranked_at"),  # of the ranking that they follow
    text_column("claimed_by"),
    time_column("claimed_until"),
)


# The counters that each isolate of the edge told last; those of isolates that ended are folded into the one without a name.
edge_counters = sa.Table(
    "edge_counters",
    metadata,
    sa.Column("isolate", sa.Text, primary_key=True),
    sa.Column("counters", JSONB, nullable=False),
    sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
    sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=now, index=True),
)
