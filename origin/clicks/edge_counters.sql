-- name: note
-- Keep what each isolate told last. Its counters only grow, so a batch that comes late or twice changes nothing. An isolate
-- that was folded already and tells once more, after hours in a queue, is counted twice in the sums; nothing else is.
INSERT INTO edge_counters AS known (isolate, counters)
SELECT isolate, counters FROM unnest(CAST(:isolates AS text[]), CAST(:counters AS jsonb[])) AS told (isolate, counters)
ORDER BY isolate
ON CONFLICT (isolate) DO UPDATE SET counters = excluded.counters, seen_at = excluded.seen_at
WHERE CAST(excluded.counters ->> 'clicks_kept' AS bigint) >= CAST(known.counters ->> 'clicks_kept' AS bigint)

-- name: sums
-- Each counter over all isolates that ever were.
SELECT pair.key AS counter, CAST(sum(CAST(pair.value AS numeric)) AS bigint) AS total
FROM edge_counters CROSS JOIN LATERAL jsonb_each_text(counters) AS pair
GROUP BY pair.key ORDER BY pair.key

-- name: fold_alone
-- Before the fold, and not in it: its snapshot must come after that of whoever folded just now.
SELECT pg_advisory_xact_lock(hashtext('edge_counters.fold'))

-- name: fold
-- Add the counters of isolates that are over to the row without a name, which keeps the table small.
WITH ended AS (
    DELETE FROM edge_counters
    WHERE isolate <> '' AND seen_at < now() - make_interval(days => :days)
    RETURNING counters
),
folded AS (
    SELECT coalesce(jsonb_object_agg(counter, total), '{}') AS counters
    FROM (
        SELECT pair.key AS counter, sum(CAST(pair.value AS numeric)) AS total
        FROM (
            SELECT counters FROM ended UNION ALL SELECT counters FROM edge_counters WHERE isolate = ''
        ) AS all_of_them
        CROSS JOIN LATERAL jsonb_each_text(counters) AS pair
        GROUP BY pair.key
    ) AS summed
)
INSERT INTO edge_counters (isolate, counters) SELECT '', counters FROM folded
ON CONFLICT (isolate) DO UPDATE SET counters = excluded.counters, seen_at = now()

-- name: isolates
-- The isolates that told something lately, the busiest first.
SELECT isolate, counters, seen_at FROM edge_counters WHERE isolate <> ''
ORDER BY CAST(counters ->> 'clicks_kept' AS bigint) DESC, isolate LIMIT :most
