-- Writes :changes (a JSON array) into the log of each of :workspace_ids, all by the same author.
INSERT INTO audit_logs (
    workspace_id, action, resource_type, resource_id, resource_name, before, after,
    actor_type, user_id, api_key_id, session_id, job, address, user_agent, request_id
)
SELECT
    workspace.id, change.action, split_part(change.action, '.', 1), change.resource_id, change.name, change.before,
    change.after, :kind, CAST(:user_id AS bigint), CAST(:api_key_id AS bigint),
    (SELECT sessions.id FROM sessions WHERE sessions.family = CAST(:session AS uuid)),
    CAST(:job AS text), :address, :user_agent, :request_id
FROM unnest(CAST(:workspace_ids AS bigint[])) AS workspace (id)
CROSS JOIN jsonb_to_recordset(CAST(:changes AS jsonb))
    AS change (action text, resource_id text, name text, before jsonb, after jsonb)
