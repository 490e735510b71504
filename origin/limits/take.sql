-- name: take
-- Takes up to :wanted requests out of a bucket, yet at most a quarter of what it holds, and one where it holds one. A request
-- is worth :spacing seconds, a full bucket :size seconds; `full_at` is when the bucket will be full again.
INSERT INTO rate_limits AS held (key, full_at, granted)
VALUES (:key, now() + make_interval(secs => CAST(:wanted AS integer) * CAST(:spacing AS float8)), CAST(:wanted AS integer))
ON CONFLICT (key) DO UPDATE SET (granted, full_at) = (
    SELECT part.requests, state.filled + make_interval(secs => part.requests * CAST(:spacing AS float8))
    FROM
        (SELECT greatest(held.full_at, now()) AS filled) AS state,
        LATERAL (
            SELECT floor((:size - extract(epoch FROM state.filled - now())) / CAST(:spacing AS float8) + 0.001) AS requests
        ) AS whole,
        LATERAL (
            SELECT CAST(
                least(:wanted, greatest(floor(whole.requests / 4), least(whole.requests, 1), 0)) AS integer
            ) AS requests
        ) AS part
)
RETURNING granted, extract(epoch FROM full_at - now())

-- name: sweep
-- Forgets the buckets that are full: a new one is as good.
DELETE FROM rate_limits WHERE full_at < now()
