"""The first schema: accounts, domains, links, and what keeps edge and clicks in step with them"""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    for statement in (ACCOUNTS, LINKS, SYNC):
        op.execute(statement)


ACCOUNTS = """
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL DEFAULT '',
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE workspaces (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    plan text NOT NULL DEFAULT 'free',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE memberships (
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX memberships_user_id_idx ON memberships (user_id);

CREATE TABLE refresh_tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    family uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refresh_tokens_user_id_idx ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_family_idx ON refresh_tokens (family);
CREATE INDEX refresh_tokens_expires_at_idx ON refresh_tokens (expires_at);

CREATE TABLE api_keys (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,
    hint text NOT NULL,
    key_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz
);
CREATE INDEX api_keys_workspace_id_idx ON api_keys (workspace_id);
CREATE INDEX api_keys_user_id_idx ON api_keys (user_id);
"""

LINKS = """
CREATE TABLE domains (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint REFERENCES workspaces ON DELETE CASCADE,
    slug text NOT NULL UNIQUE,
    is_primary boolean NOT NULL DEFAULT false,
    archived boolean NOT NULL DEFAULT false,
    placeholder text,
    expired_url text,
    not_found_url text,
    logo text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX domains_workspace_id_idx ON domains (workspace_id);

CREATE TABLE links (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    user_id bigint REFERENCES users ON DELETE SET NULL,
    domain text NOT NULL REFERENCES domains (slug),
    key text COLLATE "C" NOT NULL,
    url text NOT NULL,
    version bigint NOT NULL,
    kv_value text NOT NULL,
    external_id text,
    tenant_id text,
    program_id text,
    partner_id text,
    title text,
    description text,
    image text,
    video text,
    comments text,
    ios text,
    android text,
    geo jsonb,
    expires_at timestamptz,
    expired_url text,
    disabled_at timestamptz,
    password_hash text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_term text,
    utm_content text,
    test_variants jsonb,
    test_started_at timestamptz,
    test_completed_at timestamptz,
    track_conversion boolean NOT NULL DEFAULT false,
    archived boolean NOT NULL DEFAULT false,
    proxy boolean NOT NULL DEFAULT false,
    rewrite boolean NOT NULL DEFAULT false,
    do_index boolean NOT NULL DEFAULT false,
    public_stats boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (domain, key),
    UNIQUE (workspace_id, external_id)
) WITH (fillfactor = 90);
CREATE INDEX links_user_id_idx ON links (user_id);
CREATE INDEX links_workspace_id_created_at_id_idx ON links (workspace_id, created_at, id);
CREATE INDEX links_workspace_id_updated_at_id_idx ON links (workspace_id, updated_at, id);
CREATE INDEX links_workspace_id_tenant_id_idx ON links (workspace_id, tenant_id) WHERE tenant_id IS NOT NULL;
CREATE INDEX links_workspace_id_url_hash_idx ON links (workspace_id, hashtextextended(url, 0));

CREATE SEQUENCE link_version;
CREATE SEQUENCE code_block START 0 MINVALUE 0;
"""

SYNC = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL,
    version bigint NOT NULL,
    value text,
    created_at timestamptz NOT NULL DEFAULT now(),
    available_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    poisoned_at timestamptz
);
CREATE INDEX outbox_key_idx ON outbox (key);
CREATE INDEX outbox_available_at_id_idx ON outbox (available_at, id) WHERE poisoned_at IS NULL;

CREATE TABLE kv_keys (
    key text PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0,
    deleted boolean NOT NULL DEFAULT false,
    synced_at timestamptz,
    claimed_by text,
    claimed_until timestamptz
);

CREATE TABLE click_batches (
    batch_id text PRIMARY KEY,
    block_id text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX click_batches_block_id_idx ON click_batches (block_id);
CREATE INDEX click_batches_received_at_idx ON click_batches (received_at);

CREATE TABLE idempotency_keys (
    workspace_id bigint NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
"""
