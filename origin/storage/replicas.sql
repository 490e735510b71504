-- name: marks
-- How far the primary has written, and up to where the last change of a workspace is; in bytes of the write-ahead log.
SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint AS primary_at,
    coalesce((SELECT written_at FROM workspace_writes WHERE workspace_id = :workspace), 0) AS written_at;

-- name: wrote
-- Note, after a change was committed, that it lies before this place of the log.
INSERT INTO workspace_writes (workspace_id, written_at)
SELECT id, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint FROM workspaces WHERE id = :workspace
ON CONFLICT (workspace_id) DO UPDATE SET written_at = greatest(workspace_writes.written_at, excluded.written_at);

-- name: replayed
-- How far a replica is. NULL on a server that is none (any more).
SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint
WHERE pg_is_in_recovery();
