"""The audit log: indexes by kind of resource, kind of actor and API key, so that a page of any filter reads few entries"""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    # Entries are written meanwhile. What a run that was cut off has left is no index yet, and goes first.
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")
        for column in ("resource_type", "actor_type", "api_key_id"):
            name = f"audit_logs_workspace_id_{column}_created_at_id_idx"
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON audit_logs (workspace_id, {column}, created_at, id)")
        op.execute("SET statement_timeout = '60s'")
