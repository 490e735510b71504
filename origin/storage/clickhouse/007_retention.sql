-- How many days the workspace's plan keeps a click; 0 is for ever. Counts go with the clicks that they are of.
ALTER TABLE clicks ADD COLUMN IF NOT EXISTS keep_days UInt16;

ALTER TABLE clicks MODIFY TTL toDateTime(timestamp) + toIntervalDay(keep_days) DELETE WHERE keep_days > 0;

ALTER TABLE link_counts ADD COLUMN IF NOT EXISTS keep_days SimpleAggregateFunction(max, UInt16);

ALTER TABLE link_counts MODIFY TTL quarter + toIntervalDay(keep_days) DELETE WHERE keep_days > 0;

ALTER TABLE dimension_counts ADD COLUMN IF NOT EXISTS keep_days SimpleAggregateFunction(max, UInt16);

ALTER TABLE dimension_counts MODIFY TTL hour + toIntervalDay(keep_days) DELETE WHERE keep_days > 0;

ALTER TABLE visitor_days ADD COLUMN IF NOT EXISTS keep_days SimpleAggregateFunction(max, UInt16);

ALTER TABLE visitor_days MODIFY TTL day + toIntervalDay(keep_days) DELETE WHERE keep_days > 0;

DROP VIEW IF EXISTS link_counts_feed;

CREATE MATERIALIZED VIEW IF NOT EXISTS link_counts_feed TO link_counts AS
SELECT
    workspace_id,
    scope AS link_id,
    verdict,
    toStartOfFifteenMinutes(timestamp) AS quarter,
    count() AS requests,
    max(timestamp) AS last_at,
    max(clicks.keep_days) AS keep_days
FROM clicks
ARRAY JOIN [link_id, toUInt64(0)] AS scope
GROUP BY workspace_id, scope, verdict, quarter;

DROP VIEW IF EXISTS dimension_counts_feed;

CREATE MATERIALIZED VIEW IF NOT EXISTS dimension_counts_feed TO dimension_counts AS
SELECT
    workspace_id,
    pair.1 AS dimension,
    toUInt64(0) AS link_id,
    toDateTime(if(dimension IN ('url', 'referer_url'), toStartOfDay(timestamp), toStartOfHour(timestamp)), 'UTC') AS hour,
    pair.2 AS value,
    count() AS clicks,
    max(clicks.keep_days) AS keep_days
FROM clicks
ARRAY JOIN
    arrayFilter(
        each -> each.2 != '',
        [
            ('country', toString(country)),
            ('region_path', concat(country, '\t', region)),
            ('city_path', concat(country, '\t', region, '\t', city)),
            ('continent', toString(continent)),
            ('device', toString(device)),
            ('browser', toString(browser)),
            ('os', toString(os)),
            ('referer', toString(referer)),
            ('referer_url', referer_url),
            ('channel', toString(channel)),
            ('language', toString(language)),
            ('trigger', toString(trigger)),
            ('domain', toString(domain)),
            ('url', url),
            ('utm_source', toString(utm_source)),
            ('utm_medium', toString(utm_medium)),
            ('utm_campaign', toString(utm_campaign)),
            ('utm_term', toString(utm_term)),
            ('utm_content', toString(utm_content))
        ]
    ) AS pair
WHERE verdict = 'click'
GROUP BY workspace_id, dimension, hour, value;

DROP VIEW IF EXISTS visitor_days_feed;

CREATE MATERIALIZED VIEW IF NOT EXISTS visitor_days_feed TO visitor_days AS
SELECT
    workspace_id,
    toUInt64(0) AS link_id,
    toDate(timestamp) AS day,
    uniqState(visitor) AS visitors,
    max(clicks.keep_days) AS keep_days
FROM clicks
WHERE verdict = 'click'
GROUP BY workspace_id, day;
