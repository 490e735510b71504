-- name: take
-- Counts a try under :key and gives a row, unless the key is blocked. Tries beyond :free block it for 1, 2, 4 ... seconds.
INSERT INTO throttles (key, failures) VALUES (:key, 1)
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN throttles.updated_at < now() - make_interval(secs => :forget) THEN 1 ELSE throttles.failures + 1 END,
    blocked_until = CASE
        WHEN throttles.updated_at >= now() - make_interval(secs => :forget) AND throttles.failures >= :free
        THEN now() + make_interval(secs => least(:most, power(2, least(throttles.failures - :free, 20))))
    END,
    updated_at = now()
WHERE throttles.blocked_until IS NULL OR throttles.blocked_until <= now()
RETURNING failures

-- name: wait
-- The seconds for which a key is still blocked.
SELECT extract(epoch FROM blocked_until - now()) FROM throttles WHERE key = :key

-- name: clear
-- Forgets a key's tries.
DELETE FROM throttles WHERE key = :key

-- name: sweep
-- Forgets what would not count any more.
DELETE FROM throttles WHERE updated_at < now() - make_interval(secs => :forget)
