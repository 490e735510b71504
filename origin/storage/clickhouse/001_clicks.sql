-- Every request for a short link, one row each. What each column means: docs/analytics.md.
-- The order serves the reads that rollups can't: a workspace's clicks of some days, of all its links or of one.
-- A dropped block is known again for as long as its token is among the last `..._deduplication_window` ones; a drain that
-- comes back after a crash repeats at most the one block that it had in hand.
CREATE TABLE IF NOT EXISTS clicks
(
    click_id String,
    batch_id String,
    block_id LowCardinality(String),
    edge LowCardinality(String),
    received_at DateTime64(3, 'UTC'),
    workspace_id UInt64,
    link_id UInt64,
    link_version UInt64,
    timestamp DateTime64(3, 'UTC'),
    domain LowCardinality(String),
    code String,
    url String,
    path String,
    query String,
    kind LowCardinality(String),
    verdict LowCardinality(String),
    bot Bool,
    bot_name LowCardinality(String),
    trigger LowCardinality(String),
    variant Int16,
    rule Int16,
    country LowCardinality(String),
    region LowCardinality(String),
    city LowCardinality(String),
    continent LowCardinality(String),
    latitude Nullable(Float32),
    longitude Nullable(Float32),
    timezone LowCardinality(String),
    asn UInt32,
    network LowCardinality(String),
    geo_source LowCardinality(String),
    device LowCardinality(String),
    device_brand LowCardinality(String),
    device_model LowCardinality(String),
    browser LowCardinality(String),
    browser_version LowCardinality(String),
    os LowCardinality(String),
    os_version LowCardinality(String),
    user_agent String,
    language LowCardinality(String),
    referer LowCardinality(String),
    referer_url String,
    channel LowCardinality(String),
    utm_source LowCardinality(String),
    utm_medium LowCardinality(String),
    utm_campaign LowCardinality(String),
    utm_term LowCardinality(String),
    utm_content LowCardinality(String),
    visitor UInt64,
    ip String,
    enriched_by LowCardinality(String),
    region_path String ALIAS concat(country, '\t', region),
    city_path String ALIAS concat(country, '\t', region, '\t', city)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (workspace_id, toDate(timestamp), link_id, timestamp)
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1;
