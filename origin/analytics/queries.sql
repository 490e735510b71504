-- Times are unix seconds. `links` is [0] for all links of the workspace. The rollups answer for the whole quarters or hours
-- from `whole_start` to `whole_end`; of a range that begins or ends within one, the raw clicks answer for the two edges.

-- name: clicks_by_bucket
-- Clicks in each bucket of time; `buckets` holds their starts.
SELECT bucket, sum(part) AS clicks
FROM
(
    SELECT roundDown(toUnixTimestamp(quarter), {buckets:Array(UInt32)}) AS bucket, sum(requests) AS part
    FROM link_counts
    WHERE workspace_id = {workspace:UInt64} AND link_id IN {links:Array(UInt64)} AND verdict = 'click'
        AND quarter >= toDateTime({whole_start:UInt32}) AND quarter < toDateTime({whole_end:UInt32})
    GROUP BY bucket
    UNION ALL
    SELECT roundDown(toUnixTimestamp(timestamp), {buckets:Array(UInt32)}) AS bucket, count() AS part
    FROM clicks
    WHERE workspace_id = {workspace:UInt64} AND (has({links:Array(UInt64)}, 0) OR link_id IN {links:Array(UInt64)})
        AND verdict = 'click'
        AND ((timestamp >= toDateTime({start:UInt32}) AND timestamp < toDateTime({whole_start:UInt32}))
            OR (timestamp >= toDateTime({whole_end:UInt32}) AND timestamp < toDateTime({end:UInt32})))
    GROUP BY bucket
)
GROUP BY bucket
ORDER BY bucket

-- name: filtered_clicks_by_bucket
-- The same under filters, which no rollup knows together: from the raw clicks.
SELECT roundDown(toUnixTimestamp(timestamp), {buckets:Array(UInt32)}) AS bucket, count() AS clicks
FROM clicks
WHERE workspace_id = {workspace:UInt64} AND (has({links:Array(UInt64)}, 0) OR link_id IN {links:Array(UInt64)})
    AND verdict = 'click' AND timestamp >= toDateTime({start:UInt32}) AND timestamp < toDateTime({end:UInt32})
    /*filters*/
GROUP BY bucket
ORDER BY bucket

-- name: top_values
-- The most frequent values of a dimension.
SELECT value, sum(part) AS clicks
FROM
(
    SELECT value, sum(clicks) AS part
    FROM dimension_counts
    WHERE workspace_id = {workspace:UInt64} AND dimension = {dimension:String} AND link_id IN {links:Array(UInt64)}
        AND hour >= toDateTime({whole_start:UInt32}) AND hour < toDateTime({whole_end:UInt32})
    GROUP BY value
    UNION ALL
    SELECT toString({dimension:Identifier}) AS value, count() AS part
    FROM clicks
    WHERE workspace_id = {workspace:UInt64} AND (has({links:Array(UInt64)}, 0) OR link_id IN {links:Array(UInt64)})
        AND verdict = 'click' AND value != ''
        AND ((timestamp >= toDateTime({start:UInt32}) AND timestamp < toDateTime({whole_start:UInt32}))
            OR (timestamp >= toDateTime({whole_end:UInt32}) AND timestamp < toDateTime({end:UInt32})))
    GROUP BY value
)
GROUP BY value
ORDER BY clicks DESC, value
LIMIT {limit:UInt32}

-- name: filtered_top_values
-- The same under filters.
SELECT toString({dimension:Identifier}) AS value, count() AS clicks
FROM clicks
WHERE workspace_id = {workspace:UInt64} AND (has({links:Array(UInt64)}, 0) OR link_id IN {links:Array(UInt64)})
    AND verdict = 'click' AND timestamp >= toDateTime({start:UInt32}) AND timestamp < toDateTime({end:UInt32})
    AND value != ''
    /*filters*/
GROUP BY value
ORDER BY clicks DESC, value
LIMIT {limit:UInt32}

-- name: top_links
-- The links with most clicks.
SELECT link_id, sum(part) AS clicks
FROM
(
    SELECT link_id, sum(requests) AS part
    FROM link_counts
    WHERE workspace_id = {workspace:UInt64} AND link_id != 0 AND verdict = 'click'
        AND (has({links:Array(UInt64)}, 0) OR link_id IN {links:Array(UInt64)})
        AND quarter >= toDateTime({whole_start:UInt32}) AND quarter < toDateTime({whole_end:UInt32})
    GROUP BY link_id
    UNION ALL
    SELECT link_id, count() AS part
    FROM clicks
    WHERE workspace_id = {workspace:UInt64} AND (has({links:Array(UInt64)}, 0) OR link_id IN {links:Array(UInt64)})
        AND verdict = 'click'
        AND ((timestamp >= toDateTime({start:UInt32}) AND timestamp < toDateTime({whole_start:UInt32}))
            OR (timestamp >= toDateTime({whole_end:UInt32}) AND timestamp < toDateTime({end:UInt32})))
    GROUP BY link_id
)
GROUP BY link_id
ORDER BY clicks DESC, link_id
LIMIT {limit:UInt32}

-- name: filtered_top_links
-- The same under filters.
SELECT link_id, count() AS clicks
FROM clicks
WHERE workspace_id = {workspace:UInt64} AND (has({links:Array(UInt64)}, 0) OR link_id IN {links:Array(UInt64)})
    AND verdict = 'click' AND timestamp >= toDateTime({start:UInt32}) AND timestamp < toDateTime({end:UInt32})
    /*filters*/
GROUP BY link_id
ORDER BY clicks DESC, link_id
LIMIT {limit:UInt32}

-- name: first_quarter
-- When the first click came; 0 where none did.
SELECT toUnixTimestamp(min(quarter)) AS first
FROM link_counts
WHERE workspace_id = {workspace:UInt64} AND link_id IN {links:Array(UInt64)} AND verdict = 'click'

-- name: totals
-- All clicks of some links, and the time of the last one (unix milliseconds).
SELECT link_id, sum(requests) AS clicks, toUnixTimestamp64Milli(max(last_at)) AS last_at
FROM link_counts
WHERE workspace_id = {workspace:UInt64} AND link_id IN {links:Array(UInt64)} AND verdict = 'click'
GROUP BY link_id
