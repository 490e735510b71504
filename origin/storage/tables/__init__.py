"""The Postgres schema as SQLAlchemy Core tables, for building queries.

The migrations create the schema; a test proves that both agree.
"""

from origin.storage.tables.accounts import (
    auth_steps,
    identities,
    mail_tokens,
    passkeys,
    recovery_codes,
    refresh_tokens,
    sessions,
    throttles,
    totp_factors,
    users,
)
from origin.storage.tables.base import Row, code_block, link_version, metadata
from origin.storage.tables.clicks import click_batches, conversions, counted_blocks, customer_clicks, customers
from origin.storage.tables.edge import (
    edge_counters,
    kv_feed,
    kv_feed_state,
    kv_keys,
    kv_packs_state,
    outbox,
    popular_links,
)
from origin.storage.tables.links import domains, folders, link_tags, link_versions, links, search_words, tags
from origin.storage.tables.safety import link_caps, link_checks, link_claims, link_reports, quarantines
from origin.storage.tables.workspaces import (
    api_keys,
    audit_logs,
    idempotency_keys,
    invitations,
    memberships,
    page_ends,
    rate_limits,
    workspace_writes,
    workspaces,
)

__all__ = [
    "Row",
    "api_keys",
    "audit_logs",
    "auth_steps",
    "click_batches",
    "code_block",
    "conversions",
    "counted_blocks",
    "customer_clicks",
    "customers",
    "domains",
    "edge_counters",
    "folders",
    "idempotency_keys",
    "identities",
    "invitations",
    "kv_feed",
    "kv_feed_state",
    "kv_keys",
    "kv_packs_state",
    "link_caps",
    "link_checks",
    "link_claims",
    "link_reports",
    "link_tags",
    "link_version",
    "link_versions",
    "links",
    "mail_tokens",
    "memberships",
    "metadata",
    "outbox",
    "page_ends",
    "passkeys",
    "popular_links",
    "quarantines",
    "rate_limits",
    "recovery_codes",
    "refresh_tokens",
    "search_words",
    "sessions",
    "tags",
    "throttles",
    "totp_factors",
    "users",
    "workspace_writes",
    "workspaces",
]
