-- Leads and sales have a sign, so sums read them as they are. A whole workspace's are kept by quarters of an hour, and by value by UTC
-- day and month; what those do not know (filters, one link) is read from the rows. Exports and feeds read with FINAL; an
-- event's time never changes, so all its revisions are in one partition. The texts that replace /*mine*/, /*within*/, /*filters*/
-- and /*value*/ are those of scope.py, tiers.py and dimensions.py.

-- name: by_value
-- Leads, sales and revenue by value; the first rows are those with most of what `by` says. Parts are summed up by currency: what
-- is done with currencies is then done once for each, not for each row.
SELECT
    found AS value,
    sum(quantities) AS leads,
    sum(purchases) AS sales,
    sumMapIf(map(paid_in, paid), purchases != 0) AS revenue,
    sum(paid * transform(paid_in, {currencies:Array(String)}, {factors:Array(Float64)}, 0.)) AS sale_amount,
    sum(latitudes) / nullIf(sum(placed), 0) AS mean_latitude,
    sum(longitudes) / nullIf(sum(placed), 0) AS mean_longitude
FROM
(
    /*parts*/
)
GROUP BY found
HAVING leads != 0 OR sales != 0
ORDER BY if({by:String} = 'leads', toFloat64(leads), sale_amount) DESC, sales DESC, value
LIMIT {limit:UInt32}

-- name: by_value_in_credits
-- Those of the rows.
SELECT
    toString(/*value*/) AS found,
    toString(currency) AS paid_in,
    sumIf(sign * toInt64(quantity), event = 'lead') AS quantities,
    sumIf(sign, event = 'sale') AS purchases,
    sumIf(sign * amount, event = 'sale') AS paid,
    /*latitudes*/ AS latitudes,
    /*longitudes*/ AS longitudes,
    /*placed*/ AS placed
FROM conversion_credits
WHERE /*mine*/ AND model = {model:String} AND event IN {events:Array(String)} AND /*within*/ /*filters*/
    AND found != '' AND (empty({values:Array(String)}) OR found IN {values:Array(String)})
GROUP BY found, paid_in

-- name: by_value_in_quarters
-- Those of whole quarters of an hour, by a value that is made of their time.
SELECT
    toString(/*rolled*/) AS found,
    toString(currency) AS paid_in,
    sumIf(quantity, event = 'lead') AS quantities,
    sumIf(events, event = 'sale') AS purchases,
    sumIf(amount, event = 'sale') AS paid,
    CAST(NULL, 'Nullable(Float64)') AS latitudes,
    CAST(NULL, 'Nullable(Float64)') AS longitudes,
    toInt64(0) AS placed
FROM conversion_quarters
WHERE /*mine*/ AND model = {model:String} AND event IN {events:Array(String)} AND /*within*/
GROUP BY found, paid_in

-- name: by_value_in_spans
-- Those of whole days and months, by the values of a dimension.
SELECT
    toString(/*rolled*/) AS found,
    toString(currency) AS paid_in,
    sumIf(quantity, event = 'lead') AS quantities,
    sumIf(events, event = 'sale') AS purchases,
    sumIf(amount, event = 'sale') AS paid,
    CAST(NULL, 'Nullable(Float64)') AS latitudes,
    CAST(NULL, 'Nullable(Float64)') AS longitudes,
    toInt64(0) AS placed
FROM conversion_spans
WHERE /*mine*/ AND model = {model:String} AND event IN {events:Array(String)} AND dimension = {dimension:String} AND /*within*/
    AND found != '' AND (empty({values:Array(String)}) OR found IN {values:Array(String)})
GROUP BY found, paid_in

-- name: totals
-- All that came of some links; `conversions` are first sales of customers.
SELECT
    link_id,
    sumIf(sign * toInt64(quantity), event = 'lead') AS leads,
    sumIf(sign, event = 'sale') AS sales,
    sumIf(sign, event = 'sale' AND sale_type = 'new') AS conversions,
    sumMapIf(map(toString(currency), sign * amount), event = 'sale') AS revenue
FROM conversion_credits
WHERE workspace_id = {workspace:UInt64} AND model = {model:String} AND link_id IN {links:Array(UInt64)}
GROUP BY link_id
HAVING leads != 0 OR sales != 0

-- name: events
-- One page of conversions, the newest first: which they are is looked for in few columns, and the others are read of those.
SELECT /*columns*/
FROM conversion_credits
WHERE /*mine*/ AND model = {model:String} AND event IN {events:Array(String)} AND /*within*/
    AND sign = 1 AND (event_id, revision) GLOBAL IN (
    SELECT event_id, revision
    FROM conversion_credits
    WHERE /*mine*/ AND model = {model:String} AND event IN {events:Array(String)} AND /*within*/ /*filters*/
        AND (NOT {after:Bool} OR (timestamp, event_id) < (fromUnixTimestamp64Milli({after_ms:Int64}), {after_id:String}))
    GROUP BY event_id, revision, timestamp
    HAVING sum(sign) > 0
    ORDER BY timestamp DESC, event_id DESC
    LIMIT {limit:UInt32} OFFSET {offset:UInt32}
)
ORDER BY timestamp DESC, event_id DESC

-- name: events_upwards
-- The same, the oldest first.
SELECT /*columns*/
FROM conversion_credits
WHERE /*mine*/ AND model = {model:String} AND event IN {events:Array(String)} AND /*within*/
    AND sign = 1 AND (event_id, revision) GLOBAL IN (
    SELECT event_id, revision
    FROM conversion_credits
    WHERE /*mine*/ AND model = {model:String} AND event IN {events:Array(String)} AND /*within*/ /*filters*/
        AND (NOT {after:Bool} OR (timestamp, event_id) > (fromUnixTimestamp64Milli({after_ms:Int64}), {after_id:String}))
    GROUP BY event_id, revision, timestamp
    HAVING sum(sign) > 0
    ORDER BY timestamp, event_id
    LIMIT {limit:UInt32} OFFSET {offset:UInt32}
)
ORDER BY timestamp, event_id

-- name: export
-- All conversions of the range, in the table's own order, so that nothing need be sorted or held.
SELECT /*columns*/
FROM conversion_credits FINAL
WHERE /*mine*/ AND model = {model:String} AND event IN {events:Array(String)} AND /*within*/ /*filters*/
ORDER BY toDate(timestamp), event_id
SETTINGS do_not_merge_across_partitions_select_final = 1

-- name: newest
-- What ClickHouse has taken from a place on, of events of the last hour. Many rows may have one `stored_at`.
SELECT toUnixTimestamp64Milli(stored_at) AS stored_ms, /*columns*/
FROM conversion_credits FINAL
WHERE workspace_id = {workspace:UInt64} AND model = {model:String} AND timestamp > now64(3) - INTERVAL 1 HOUR
    AND stored_at >= fromUnixTimestamp64Milli({stored_ms:Int64}) AND (stored_at, timestamp, event_id)
        > (fromUnixTimestamp64Milli({stored_ms:Int64}), fromUnixTimestamp64Milli({at_ms:Int64}), {event_id:String})
ORDER BY stored_at, timestamp, event_id
LIMIT {limit:UInt32}
SETTINGS do_not_merge_across_partitions_select_final = 1

-- name: variant_clicks
-- The variants of a link: people's clicks of the range, and how many of them became a lead or a sale, whenever that was.
SELECT variant, count() AS clicks, countIf(click_id GLOBAL IN (
    SELECT click_id FROM conversion_credits FINAL
    WHERE /*mine*/ AND model = {model:String} AND event IN {events:Array(String)} AND variant >= 0
)) AS converted
FROM clicks
WHERE /*mine*/ AND verdict = 'click' AND variant >= 0 AND /*within*/ /*filters*/
GROUP BY variant
ORDER BY variant
SETTINGS do_not_merge_across_partitions_select_final = 1
