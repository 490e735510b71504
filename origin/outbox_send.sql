-- Queue what KV shall hold, and wake kvsync at the commit.
WITH sent AS (
    INSERT INTO outbox (key, version, value, priority)
    SELECT change.key, change.version, change.value, :priority
    FROM unnest(CAST(:keys AS text[]), CAST(:versions AS bigint[]), CAST(:values AS text[])) AS change (key, version, value)
    ORDER BY change.version
)
SELECT pg_notify('outbox', '');
