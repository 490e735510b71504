-- name: places
-- Where in `clicks` these clicks are.
SELECT toString(toDate(timestamp)) AS day, link_id, toUnixTimestamp64Milli(timestamp) AS ms
FROM tracked_clicks
WHERE workspace_id = {workspace:UInt64} AND click_id IN {ids:Array(String)}

-- name: facts
-- These clicks, read by the key of the table. A batch that came twice is there a second time, as duplicates.
SELECT click_id, link_id, timestamp, /*columns*/
FROM clicks
WHERE workspace_id = {workspace:UInt64} AND toDate(timestamp) IN {days:Array(Date)} AND link_id IN {links:Array(UInt64)}
    AND timestamp IN arrayMap(ms -> fromUnixTimestamp64Milli(ms), {times:Array(Int64)})
    AND click_id IN {ids:Array(String)} AND verdict != 'duplicate'
