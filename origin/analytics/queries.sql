-- Times are unix seconds. `links` is [0] for all links of the workspace. The rollups answer for the whole units of time
-- from `whole_start` to `whole_end`; of a range that begins or ends within one, the raw clicks answer for the two edges.
-- In `filtered_...` queries the raw clicks answer for all. The texts that replace /*mine*/, /*edges*/, /*within*/,
-- /*filters*/ and /*value*/ are those of reader.py and dimensions.py; they hold nothing from outside.

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
    WHERE /*mine*/ AND verdict = 'click' AND /*edges*/
    GROUP BY bucket
)
GROUP BY bucket
ORDER BY bucket

-- name: filtered_clicks_by_bucket
-- The same under filters, which no rollup knows together.
SELECT roundDown(toUnixTimestamp(timestamp), {buckets:Array(UInt32)}) AS bucket, count() AS clicks
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/
GROUP BY bucket
ORDER BY bucket

-- name: top_values
-- The most frequent values of a dimension in a whole workspace; `total` counts those left out as well.
SELECT value, sum(part) AS clicks, sum(clicks) OVER () AS total
FROM
(
    SELECT value, sum(clicks) AS part
    FROM dimension_counts
    WHERE workspace_id = {workspace:UInt64} AND dimension = {dimension:String} AND link_id = 0
        AND hour >= toDateTime({whole_start:UInt32}) AND hour < toDateTime({whole_end:UInt32})
    GROUP BY value
    UNION ALL
    SELECT toString(/*value*/) AS value, count() AS part
    FROM clicks
    WHERE /*mine*/ AND verdict = 'click' AND value != '' AND /*edges*/
    GROUP BY value
)
WHERE empty({values:Array(String)}) OR value IN {values:Array(String)}
GROUP BY value
ORDER BY clicks DESC, value
LIMIT {limit:UInt32}

-- name: filtered_top_values
-- The same of some links, or under filters.
SELECT toString(/*value*/) AS value, count() AS clicks, sum(clicks) OVER () AS total
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/
    AND value != '' AND (empty({values:Array(String)}) OR value IN {values:Array(String)})
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
    WHERE /*mine*/ AND verdict = 'click' AND /*edges*/
    GROUP BY link_id
)
GROUP BY link_id
ORDER BY clicks DESC, link_id
LIMIT {limit:UInt32}

-- name: filtered_top_links
-- The same under filters.
SELECT link_id, count() AS clicks
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/
GROUP BY link_id
ORDER BY clicks DESC, link_id
LIMIT {limit:UInt32}

-- name: hours_of_week
-- Clicks by weekday (1 is Monday) and hour, both in the asker's zone.
SELECT weekday, hour, sum(part) AS clicks
FROM
(
    SELECT toDayOfWeek(quarter, 0, {zone:String}) AS weekday, toHour(quarter, {zone:String}) AS hour, sum(requests) AS part
    FROM link_counts
    WHERE workspace_id = {workspace:UInt64} AND link_id IN {links:Array(UInt64)} AND verdict = 'click'
        AND quarter >= toDateTime({whole_start:UInt32}) AND quarter < toDateTime({whole_end:UInt32})
    GROUP BY weekday, hour
    UNION ALL
    SELECT toDayOfWeek(timestamp, 0, {zone:String}) AS weekday, toHour(timestamp, {zone:String}) AS hour, count() AS part
    FROM clicks
    WHERE /*mine*/ AND verdict = 'click' AND /*edges*/
    GROUP BY weekday, hour
)
GROUP BY weekday, hour
ORDER BY weekday, hour

-- name: filtered_hours_of_week
-- The same under filters.
SELECT toDayOfWeek(timestamp, 0, {zone:String}) AS weekday, toHour(timestamp, {zone:String}) AS hour, count() AS clicks
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/
GROUP BY weekday, hour
ORDER BY weekday, hour

-- name: visitors_by_day
-- Visitors of each UTC day, which is how long a visitor is the same one. No day is in both parts.
SELECT day, sum(part) AS visitors
FROM
(
    SELECT visitor_days.day AS day, uniqMerge(visitor_days.visitors) AS part
    FROM visitor_days
    WHERE workspace_id = {workspace:UInt64} AND link_id = 0
        AND day >= toDate(toDateTime({whole_start:UInt32}, 'UTC')) AND day < toDate(toDateTime({whole_end:UInt32}, 'UTC'))
    GROUP BY day
    UNION ALL
    SELECT toDate(timestamp) AS day, uniq(visitor) AS part
    FROM clicks
    WHERE /*mine*/ AND verdict = 'click' AND /*edges*/
    GROUP BY day
)
GROUP BY day

-- name: filtered_visitors_by_day
-- The same of some links, or under filters.
SELECT toDate(timestamp) AS day, uniq(visitor) AS visitors
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/
GROUP BY day

-- name: filtered_places
-- Cities with the mean of their clicks' coordinates; those without coordinates are on no map.
SELECT city_path AS value, count() AS clicks, avg(latitude) AS mean_latitude, avg(longitude) AS mean_longitude
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/ AND latitude IS NOT NULL AND longitude IS NOT NULL
GROUP BY value
ORDER BY clicks DESC, value
LIMIT {limit:UInt32}

-- name: requests_by_verdict
-- All requests of the range, whatever they count as.
SELECT verdict, sum(part) AS requests
FROM
(
    SELECT verdict, sum(requests) AS part
    FROM link_counts
    WHERE workspace_id = {workspace:UInt64} AND link_id IN {links:Array(UInt64)}
        AND quarter >= toDateTime({whole_start:UInt32}) AND quarter < toDateTime({whole_end:UInt32})
    GROUP BY verdict
    UNION ALL
    SELECT verdict, count() AS part
    FROM clicks
    WHERE /*mine*/ AND /*edges*/
    GROUP BY verdict
)
GROUP BY verdict

-- name: filtered_requests_by_verdict
-- The same under filters.
SELECT verdict, count() AS requests
FROM clicks
WHERE /*mine*/ AND /*within*/ /*filters*/
GROUP BY verdict

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

-- name: events
-- One page of requests, the newest first. Each day of the range is read only if the days after it do not fill the page.
SELECT /*columns*/
FROM clicks
WHERE /*mine*/ AND verdict IN {verdicts:Array(String)} AND /*within*/ /*filters*/
    AND (NOT {after:Bool} OR (timestamp <= fromUnixTimestamp64Milli({after_ms:Int64})
        AND (timestamp, click_id, block_id)
            <= (fromUnixTimestamp64Milli({after_ms:Int64}), {after_click:String}, {after_block:String})))
ORDER BY toDate(timestamp) DESC, timestamp DESC, click_id DESC, block_id DESC
LIMIT {limit:UInt32} OFFSET {offset:UInt32}

-- name: events_upwards
-- The same, the oldest first.
SELECT /*columns*/
FROM clicks
WHERE /*mine*/ AND verdict IN {verdicts:Array(String)} AND /*within*/ /*filters*/
    AND (NOT {after:Bool} OR (timestamp >= fromUnixTimestamp64Milli({after_ms:Int64})
        AND (timestamp, click_id, block_id)
            >= (fromUnixTimestamp64Milli({after_ms:Int64}), {after_click:String}, {after_block:String})))
ORDER BY toDate(timestamp), timestamp, click_id, block_id
LIMIT {limit:UInt32} OFFSET {offset:UInt32}

-- name: export
-- All requests of the range, in the table's own order, so that nothing need be sorted or held.
SELECT /*columns*/
FROM clicks
WHERE /*mine*/ AND verdict IN {verdicts:Array(String)} AND /*within*/ /*filters*/
ORDER BY toDate(timestamp), link_id, timestamp

-- name: newest
-- What ClickHouse has taken since a moment, of requests of the last hour.
SELECT toUnixTimestamp64Milli(stored_at) AS stored_ms, /*columns*/
FROM clicks
WHERE workspace_id = {workspace:UInt64} AND timestamp > now64(3) - INTERVAL 1 HOUR
    AND stored_at > fromUnixTimestamp64Milli({since_ms:Int64}) AND verdict != 'duplicate'
ORDER BY stored_at, timestamp, click_id
LIMIT {limit:UInt32}
