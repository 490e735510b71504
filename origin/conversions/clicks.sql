-- name: places
-- Where in `clicks` these clicks are.
SELECT toString(toDate(timestamp)) AS day, link_id, toUnixTimestamp64Milli(timestamp) AS ms
FROM tracked_clicks
WHERE workspace_id IN {workspaces:Array(UInt64)} AND click_id IN {ids:Array(String)}

-- name: facts
-- These clicks, read by the key of the table. A batch that came twice is there a second time, as duplicates.
SELECT workspace_id, click_id, link_id, timestamp, /*columns*/
FROM clicks
WHERE workspace_id IN {workspaces:Array(UInt64)} AND toDate(timestamp) IN {days:Array(Date)} AND link_id IN {links:Array(UInt64)}
    AND timestamp IN arrayMap(ms -> fromUnixTimestamp64Milli(ms), {times:Array(Int64)})
    AND click_id IN {ids:Array(String)} AND verdict != 'duplicate'

-- name: former
-- What ClickHouse has of these conversions, for both models.
SELECT /*columns*/
FROM conversion_credits FINAL
WHERE workspace_id IN {workspaces:Array(UInt64)} AND model IN ('last', 'first') AND event IN ('lead', 'sale')
    AND toDate(timestamp) IN {days:Array(Date)} AND event_id IN {events:Array(String)}
SETTINGS do_not_merge_across_partitions_select_final = 1
