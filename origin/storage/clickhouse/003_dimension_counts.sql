-- Counted clicks by hour and by the value of one dimension. Link 0 stands for all links of the workspace, so that both
-- questions read one narrow range. An empty value is left out: it means that the click has no such property.
CREATE TABLE IF NOT EXISTS dimension_counts
(
    workspace_id UInt64,
    dimension LowCardinality(String),
    link_id UInt64,
    hour DateTime('UTC'),
    value String,
    clicks SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (workspace_id, dimension, link_id, hour, value)
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS dimension_counts_feed TO dimension_counts AS
SELECT
    workspace_id,
    pair.1 AS dimension,
    scope AS link_id,
    toStartOfHour(timestamp) AS hour,
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
ARRAY JOIN [link_id, toUInt64(0)] AS scope
WHERE verdict = 'click'
GROUP BY workspace_id, dimension, scope, hour, value;
