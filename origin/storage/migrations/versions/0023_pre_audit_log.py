"""The audit log, and what a workspace can set"""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute(SCHEMA)


SCHEMA = """
ALTER TABLE workspaces
    ADD COLUMN allowed_origins text[] NOT NULL DEFAULT '{}',
    ADD COLUMN link_defaults jsonb,
    ADD COLUMN revision bigint NOT NULL DEFAULT 1;

-- No foreign keys: entries outlive what they tell of, the workspace too.
CREATE TABLE audit_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL,
    resource_type text NOT NULL,
    resource_id text NOT NULL,
    resource_name text NOT NULL DEFAULT '',
    before jsonb,
    after jsonb,
    actor_type text NOT NULL,
    user_id bigint,
    api_key_id bigint,
    session_id bigint,
    job text,
    address text NOT NULL DEFAULT '',
    user_agent text NOT NULL DEFAULT '',
    request_id text NOT NULL DEFAULT ''
);
CREATE INDEX audit_logs_workspace_id_created_at_id_idx ON audit_logs (workspace_id, created_at, id);
CREATE INDEX audit_logs_workspace_id_resource_id_created_at_id_idx
    ON audit_logs (workspace_id, resource_id, created_at, id);
CREATE INDEX audit_logs_workspace_id_user_id_created_at_id_idx ON audit_logs (workspace_id, user_id, created_at, id);
CREATE INDEX audit_logs_workspace_id_action_created_at_id_idx ON audit_logs (workspace_id, action, created_at, id);
CREATE INDEX audit_logs_created_at_idx ON audit_logs (created_at) WHERE action = 'workspace.delete';

CREATE FUNCTION audit_logs_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Set by the sweep of what is older than it is kept, for its own transaction alone.
    IF TG_OP = 'DELETE' AND current_setting('nearhop.audit_sweep', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_logs only grows';
END
$$;
CREATE TRIGGER audit_logs_only_grows BEFORE UPDATE OR DELETE ON audit_logs
    FOR EACH ROW EXECUTE FUNCTION audit_logs_refuse();
CREATE TRIGGER audit_logs_is_not_emptied BEFORE TRUNCATE ON audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION audit_logs_refuse();
"""
