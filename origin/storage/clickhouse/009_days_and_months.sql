-- Coarser rollups, so that a long range reads few rows: of the values by UTC day and month, of the links by day and by month.
-- They are fed by the rollups before them. What another process inserts while this file runs is not in them:
-- `python -m origin rebuild-rollups` counts it.
-- Few of these texts are met once: kept as a dictionary, they take a tenth of the disk.
ALTER TABLE clicks MODIFY COLUMN user_agent LowCardinality(String), MODIFY COLUMN referer_url LowCardinality(String);

-- The copy of the columns that a link's clicks are grouped by, link by link, so that a link's months are one read.
ALTER TABLE clicks ADD PROJECTION IF NOT EXISTS by_link
(
    SELECT
        workspace_id, link_id, verdict, timestamp, country, region, city, continent, device, device_brand, browser, engine, os,
        network, referer, channel, language, trigger, domain, url, utm_source, utm_medium, utm_campaign, utm_term, utm_content
    ORDER BY workspace_id, link_id, verdict, timestamp
);

ALTER TABLE clicks MATERIALIZE PROJECTION by_link SETTINGS mutations_sync = 1;

DROP VIEW IF EXISTS dimension_counts_feed;

ALTER TABLE dimension_counts DELETE WHERE dimension IN ('device_brand', 'engine', 'network', 'path') SETTINGS mutations_sync = 1;

INSERT INTO dimension_counts (workspace_id, dimension, link_id, hour, value, clicks, keep_days)
SELECT
    workspace_id,
    pair.1,
    0,
    toDateTime(if(pair.1 = 'path', toStartOfDay(timestamp), toStartOfHour(timestamp)), 'UTC') AS hour,
    pair.2,
    count(),
    max(clicks.keep_days)
FROM clicks
ARRAY JOIN
    [
        ('device_brand', toString(device_brand)), ('engine', toString(engine)), ('network', toString(network)), ('path', path)
    ] AS pair
WHERE verdict = 'click' AND pair.2 != ''
GROUP BY workspace_id, pair.1, hour, pair.2
SETTINGS max_partitions_per_insert_block = 0, insert_deduplicate = 0;

CREATE TABLE IF NOT EXISTS dimension_spans
(
    workspace_id UInt64,
    dimension LowCardinality(String),
    span LowCardinality(String),
    start Date,
    value String,
    clicks SimpleAggregateFunction(sum, UInt64),
    keep_days SimpleAggregateFunction(max, UInt16)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(start)
ORDER BY (workspace_id, dimension, span, start, value)
TTL if(span = 'day', start + 1, start + 31) + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024;

CREATE TABLE IF NOT EXISTS link_days
(
    workspace_id UInt64,
    day Date,
    link_id UInt64,
    clicks SimpleAggregateFunction(sum, UInt64),
    keep_days SimpleAggregateFunction(max, UInt16)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (workspace_id, day, link_id)
TTL day + 1 + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024;

CREATE TABLE IF NOT EXISTS link_months
(
    workspace_id UInt64,
    link_id UInt64,
    month Date,
    clicks SimpleAggregateFunction(sum, UInt64),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    keep_days SimpleAggregateFunction(max, UInt16)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYear(month)
ORDER BY (workspace_id, link_id, month)
TTL month + 31 + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 512;

DROP VIEW IF EXISTS dimension_spans_feed;

ALTER TABLE dimension_spans DELETE WHERE 1 SETTINGS mutations_sync = 1;

INSERT INTO dimension_spans (workspace_id, dimension, span, start, value, clicks, keep_days)
SELECT
    workspace_id,
    dimension,
    part AS span,
    if(part = 'day', toDate(hour), toStartOfMonth(hour)) AS start,
    value,
    sum(dimension_counts.clicks) AS clicks,
    max(dimension_counts.keep_days) AS keep_days
FROM dimension_counts
ARRAY JOIN if(dimension IN ('url', 'referer_url', 'path'), ['month'], ['day', 'month']) AS part
GROUP BY workspace_id, dimension, span, start, value
SETTINGS max_partitions_per_insert_block = 0, insert_deduplicate = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS dimension_spans_feed TO dimension_spans AS
SELECT
    workspace_id,
    dimension,
    part AS span,
    if(part = 'day', toDate(hour), toStartOfMonth(hour)) AS start,
    value,
    sum(dimension_counts.clicks) AS clicks,
    max(dimension_counts.keep_days) AS keep_days
FROM dimension_counts
ARRAY JOIN if(dimension IN ('url', 'referer_url', 'path'), ['month'], ['day', 'month']) AS part
GROUP BY workspace_id, dimension, span, start, value;

DROP VIEW IF EXISTS link_days_feed;

ALTER TABLE link_days DELETE WHERE 1 SETTINGS mutations_sync = 1;

INSERT INTO link_days (workspace_id, day, link_id, clicks, keep_days)
SELECT
    workspace_id,
    toDate(quarter) AS day,
    link_id,
    sum(requests) AS clicks,
    max(link_counts.keep_days) AS keep_days
FROM link_counts
WHERE verdict = 'click' AND link_id != 0
GROUP BY workspace_id, day, link_id
SETTINGS max_partitions_per_insert_block = 0, insert_deduplicate = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS link_days_feed TO link_days AS
SELECT
    workspace_id,
    toDate(quarter) AS day,
    link_id,
    sum(requests) AS clicks,
    max(link_counts.keep_days) AS keep_days
FROM link_counts
WHERE verdict = 'click' AND link_id != 0
GROUP BY workspace_id, day, link_id;

DROP VIEW IF EXISTS link_months_feed;

ALTER TABLE link_months DELETE WHERE 1 SETTINGS mutations_sync = 1;

INSERT INTO link_months (workspace_id, link_id, month, clicks, last_at, keep_days)
SELECT
    workspace_id,
    link_id,
    toStartOfMonth(quarter) AS month,
    sum(requests) AS clicks,
    max(link_counts.last_at) AS last_at,
    max(link_counts.keep_days) AS keep_days
FROM link_counts
WHERE verdict = 'click' AND link_id != 0
GROUP BY workspace_id, link_id, month
SETTINGS max_partitions_per_insert_block = 0, insert_deduplicate = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS link_months_feed TO link_months AS
SELECT
    workspace_id,
    link_id,
    toStartOfMonth(quarter) AS month,
    sum(requests) AS clicks,
    max(link_counts.last_at) AS last_at,
    max(link_counts.keep_days) AS keep_days
FROM link_counts
WHERE verdict = 'click' AND link_id != 0
GROUP BY workspace_id, link_id, month;

CREATE MATERIALIZED VIEW IF NOT EXISTS dimension_counts_feed TO dimension_counts AS
SELECT
    workspace_id,
    pair.1 AS dimension,
    toUInt64(0) AS link_id,
    toDateTime(if(dimension IN ('url', 'referer_url', 'path'), toStartOfDay(timestamp), toStartOfHour(timestamp)), 'UTC') AS hour,
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
            ('device_brand', toString(device_brand)),
            ('browser', toString(browser)),
            ('engine', toString(engine)),
            ('os', toString(os)),
            ('network', toString(network)),
            ('referer', toString(referer)),
            ('referer_url', referer_url),
            ('channel', toString(channel)),
            ('language', toString(language)),
            ('trigger', toString(trigger)),
            ('domain', toString(domain)),
            ('url', url),
            ('path', path),
            ('utm_source', toString(utm_source)),
            ('utm_medium', toString(utm_medium)),
            ('utm_campaign', toString(utm_campaign)),
            ('utm_term', toString(utm_term)),
            ('utm_content', toString(utm_content))
        ]
    ) AS pair
WHERE verdict = 'click'
GROUP BY workspace_id, dimension, hour, value;

-- A month that is over is merged into one part, as each part costs a read some time.
ALTER TABLE clicks MODIFY SETTING min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE link_counts MODIFY SETTING min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE dimension_counts MODIFY SETTING min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE visitor_days MODIFY SETTING min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE dimension_spans MODIFY SETTING min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE link_days MODIFY SETTING min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE link_months MODIFY SETTING min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;
