-- name: allow
-- Lets this transaction delete entries, which a trigger refuses otherwise.
SET LOCAL nearhop.audit_sweep = 'on'

-- name: of_plan
-- Deletes up to :most entries of the workspaces with :plan that are older than :days.
DELETE FROM audit_logs WHERE id IN (
    SELECT audit_logs.id FROM workspaces JOIN audit_logs ON audit_logs.workspace_id = workspaces.id
    WHERE workspaces.plan = :plan AND audit_logs.created_at < now() - make_interval(days => :days)
    LIMIT :most
)

-- name: ended
-- Deletes up to :most entries of workspaces that ended more than :days ago; the entry that says so is the last to go.
DELETE FROM audit_logs WHERE id IN (
    SELECT entry.id FROM audit_logs AS ending JOIN audit_logs AS entry ON entry.workspace_id = ending.workspace_id
    WHERE ending.action = 'workspace.delete' AND ending.created_at < now() - make_interval(days => :days)
    ORDER BY entry.id LIMIT :most
)
