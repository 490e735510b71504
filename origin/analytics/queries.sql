-- Times are unix seconds. `links` is [0] for all links of the workspace. A question that rollups can answer is one query
-- with its parts, one for each table that holds a piece of the period; a part reads what /*within*/ says, and pieces hold
-- nothing twice. The parts `..._in_clicks` read the raw clicks: what no whole unit of time covers, or, under filters, all.
-- The texts that replace /*mine*/, /*parts*/, /*within*/, /*filters*/ and /*value*/ are those of scope.py, tiers.py and
-- dimensions.py; they hold nothing from outside.

-- name: clicks_by_bucket
-- Clicks in each bucket of time; `buckets` holds their starts.
SELECT bucket, sum(part) AS clicks FROM (/*parts*/) GROUP BY bucket ORDER BY bucket

-- name: clicks_by_bucket_in_quarters
SELECT roundDown(toUnixTimestamp(quarter), {buckets:Array(UInt32)}) AS bucket, sum(requests) AS part
FROM link_counts
WHERE workspace_id = {workspace:UInt64} AND link_id IN {links:Array(UInt64)} AND verdict = 'click' AND /*within*/
GROUP BY bucket

-- name: clicks_by_bucket_in_audience
SELECT roundDown(toUnixTimestamp(toDateTime(day, 'UTC')), {buckets:Array(UInt32)}) AS bucket, sum(clicks) AS part
FROM audience_days
WHERE workspace_id = {workspace:UInt64} AND /*within*/ /*filters*/
GROUP BY bucket

-- name: clicks_by_bucket_in_clicks
SELECT roundDown(toUnixTimestamp(timestamp), {buckets:Array(UInt32)}) AS bucket, count() AS part
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/
GROUP BY bucket

-- name: top_values
-- The most frequent values of a dimension; `total` counts those left out as well. Rollups know those of whole workspaces.
SELECT value, sum(part) AS clicks, sum(clicks) OVER () AS total
FROM (/*parts*/)
WHERE empty({values:Array(String)}) OR value IN {values:Array(String)}
GROUP BY value
ORDER BY clicks DESC, value
LIMIT {limit:UInt32}

-- name: top_values_in_spans
-- By UTC day and month.
SELECT /*rolled*/ AS value, sum(clicks) AS part
FROM dimension_spans
WHERE workspace_id = {workspace:UInt64} AND dimension = {dimension:String} AND /*within*/
GROUP BY value

-- name: top_values_in_audience
-- Under filters that know no more than the audience does.
SELECT /*value*/ AS value, sum(clicks) AS part
FROM audience_days
WHERE workspace_id = {workspace:UInt64} AND /*within*/ /*filters*/ AND value != ''
GROUP BY value

-- name: top_values_in_clicks
-- Most values are of low cardinality: they are grouped as the numbers that they are kept as.
SELECT /*value*/ AS value, count() AS part
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/ /*some*/
GROUP BY /*key*/

-- name: top_links
-- The links with most clicks. Few rows of the rollups are of the same link, so that they are summed up once for all.
SELECT link_id, sum(part) AS clicks
FROM (/*parts*/)
GROUP BY link_id
ORDER BY clicks DESC, link_id
LIMIT {limit:UInt32}

-- name: top_links_in_months
SELECT link_id, clicks AS part
FROM link_months
WHERE /*mine*/ AND /*within*/

-- name: top_links_in_days
SELECT link_id, clicks AS part
FROM link_days
WHERE /*mine*/ AND /*within*/

-- name: top_links_in_clicks
SELECT link_id, count() AS part
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/
GROUP BY link_id

-- name: hours_of_week
-- Clicks by weekday (1 is Monday) and hour, both in the asker's zone.
SELECT weekday, hour, sum(part) AS clicks FROM (/*parts*/) GROUP BY weekday, hour ORDER BY weekday, hour

-- name: hours_of_week_in_quarters
SELECT toDayOfWeek(quarter, 0, {zone:String}) AS weekday, toHour(quarter, {zone:String}) AS hour, sum(requests) AS part
FROM link_counts
WHERE workspace_id = {workspace:UInt64} AND link_id IN {links:Array(UInt64)} AND verdict = 'click' AND /*within*/
GROUP BY weekday, hour

-- name: hours_of_week_in_clicks
SELECT toDayOfWeek(timestamp, 0, {zone:String}) AS weekday, toHour(timestamp, {zone:String}) AS hour, count() AS part
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/
GROUP BY weekday, hour

-- name: visitors_by_day
-- Visitors of each UTC day, which is how long a visitor is the same one. No day is in both parts.
SELECT day, sum(part) AS visitors FROM (/*parts*/) GROUP BY day

-- name: visitors_by_day_in_days
SELECT visitor_days.day AS day, uniqMerge(visitor_days.visitors) AS part
FROM visitor_days
WHERE workspace_id = {workspace:UInt64} AND link_id = 0 AND /*within*/
GROUP BY day

-- name: visitors_by_day_in_clicks
SELECT toDate(timestamp) AS day, uniq(visitor) AS part
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/
GROUP BY day

-- name: places
-- Cities with the mean of their clicks' coordinates; those without coordinates are on no map.
SELECT value, sum(part) AS clicks, sum(latitudes) / clicks AS mean_latitude, sum(longitudes) / clicks AS mean_longitude
FROM (/*parts*/)
GROUP BY value
ORDER BY clicks DESC, value
LIMIT {limit:UInt32}

-- name: places_in_clicks
SELECT /*value*/ AS value, count() AS part, sum(latitude) AS latitudes, sum(longitude) AS longitudes
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND /*within*/ /*filters*/ AND latitude IS NOT NULL AND longitude IS NOT NULL
GROUP BY /*key*/

-- name: requests_by_verdict
-- All requests of the range, whatever they count as.
SELECT verdict, sum(part) AS requests FROM (/*parts*/) GROUP BY verdict

-- name: requests_by_verdict_in_quarters
SELECT verdict, sum(requests) AS part
FROM link_counts
WHERE workspace_id = {workspace:UInt64} AND link_id IN {links:Array(UInt64)} AND /*within*/
GROUP BY verdict

-- name: requests_by_verdict_in_clicks
SELECT verdict, count() AS part
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
SELECT link_id, sum(link_months.clicks) AS clicks, toUnixTimestamp64Milli(max(link_months.last_at)) AS last_at
FROM link_months
WHERE workspace_id = {workspace:UInt64} AND link_id IN {links:Array(UInt64)}
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
-- What ClickHouse has taken from a place on, of requests of the last hour. Many rows may have one `stored_at`.
SELECT toUnixTimestamp64Milli(stored_at) AS stored_ms, /*columns*/
FROM clicks
WHERE workspace_id = {workspace:UInt64} AND timestamp > now64(3) - INTERVAL 1 HOUR
    AND toDate(timestamp) >= toDate(now64(3, 'UTC') - INTERVAL 1 HOUR)
    AND verdict != 'duplicate'
    AND stored_at >= fromUnixTimestamp64Milli({stored_ms:Int64}) AND (stored_at, timestamp, click_id)
        > (fromUnixTimestamp64Milli({stored_ms:Int64}), fromUnixTimestamp64Milli({at_ms:Int64}), {event_id:String})
ORDER BY stored_at, timestamp, click_id
LIMIT {limit:UInt32}
