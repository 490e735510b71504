-- Clicks of whole workspaces by UTC day and by where and on what they were made, all of that together: for questions under
-- filters on these. They are few combinations, however many clicks there are.
-- What another process inserts while this file runs is not in it: `python -m origin rebuild-rollups` counts it.
CREATE TABLE IF NOT EXISTS audience_days
(
    workspace_id UInt64,
    day Date,
    continent LowCardinality(String),
    country LowCardinality(String),
    trigger LowCardinality(String),
    device LowCardinality(String),
    browser LowCardinality(String),
    os LowCardinality(String),
    clicks SimpleAggregateFunction(sum, UInt64),
    keep_days SimpleAggregateFunction(max, UInt16)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (workspace_id, day, continent, country, trigger, device, browser, os)
TTL day + 1 + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1,
    min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

DROP VIEW IF EXISTS audience_days_feed;

ALTER TABLE audience_days DELETE WHERE 1 SETTINGS mutations_sync = 1;

INSERT INTO audience_days (workspace_id, day, continent, country, trigger, device, browser, os, clicks, keep_days)
SELECT
    workspace_id,
    toDate(timestamp) AS day,
    continent,
    country,
    trigger,
    device,
    browser,
    os,
    count() AS clicks,
    max(clicks.keep_days) AS keep_days
FROM clicks
WHERE verdict = 'click'
GROUP BY workspace_id, day, continent, country, trigger, device, browser, os
SETTINGS max_partitions_per_insert_block = 0, insert_deduplicate = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS audience_days_feed TO audience_days AS
SELECT
    workspace_id,
    toDate(timestamp) AS day,
    continent,
    country,
    trigger,
    device,
    browser,
    os,
    count() AS clicks,
    max(clicks.keep_days) AS keep_days
FROM clicks
WHERE verdict = 'click'
GROUP BY workspace_id, day, continent, country, trigger, device, browser, os;
