-- The rollups of values and of visitors are kept for whole workspaces (link 0) only. By link hardly two clicks share an hour
-- and a value, so such rows saved nothing; the raw clicks of one link are a narrow read. Values that are many (addresses
-- of pages) are counted by UTC day, all others by hour: `hour` is where that time begins.
DROP VIEW IF EXISTS dimension_counts_feed;

ALTER TABLE dimension_counts DELETE WHERE link_id != 0 OR dimension IN ('url', 'referer_url') SETTINGS mutations_sync = 1;

INSERT INTO dimension_counts SETTINGS max_partitions_per_insert_block = 0
SELECT workspace_id, pair.1, 0, toDateTime(toStartOfDay(timestamp)), pair.2, count()
FROM clicks
ARRAY JOIN [('referer_url', referer_url), ('url', url)] AS pair
WHERE verdict = 'click' AND pair.2 != ''
GROUP BY ALL;

CREATE MATERIALIZED VIEW IF NOT EXISTS dimension_counts_feed TO dimension_counts AS
SELECT
    workspace_id,
    pair.1 AS dimension,
    toUInt64(0) AS link_id,
    toDateTime(if(dimension IN ('url', 'referer_url'), toStartOfDay(timestamp), toStartOfHour(timestamp)), 'UTC') AS hour,
    pair.2 AS value,
    count() AS clicks
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

ALTER TABLE visitor_days DELETE WHERE link_id != 0 SETTINGS mutations_sync = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS visitor_days_feed TO visitor_days AS
SELECT workspace_id, toUInt64(0) AS link_id, toDate(timestamp) AS day, uniqState(visitor) AS visitors
FROM clicks
WHERE verdict = 'click'
GROUP BY workspace_id, day;
