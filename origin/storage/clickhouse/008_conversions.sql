-- Where a click is that was told its id (`nh_id` of a destination; docs/edge.md): such ids hold `-t`. A conversion brings the
-- id alone, and the rest of the key of `clicks` is found here.
CREATE TABLE IF NOT EXISTS tracked_clicks
(
    workspace_id UInt64,
    click_id String,
    timestamp DateTime64(3, 'UTC'),
    link_id UInt64,
    keep_days UInt16
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (workspace_id, click_id)
TTL toDateTime(timestamp) + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS tracked_clicks_feed TO tracked_clicks AS
SELECT workspace_id, click_id, timestamp, link_id, keep_days
FROM clicks
WHERE verdict != 'duplicate' AND position(click_id, '-t') > 0;

-- Leads and sales that were credited to a click, one row for each model of attribution; Postgres has them all, and sends a row
-- again whenever it changes: the highest revision counts, so questions ask with FINAL. The columns of the click are those of
-- `clicks`.
CREATE TABLE IF NOT EXISTS conversions
(
    workspace_id UInt64,
    model LowCardinality(String),
    event LowCardinality(String),
    event_id String,
    revision UInt64,
    timestamp DateTime64(3, 'UTC'),
    event_name LowCardinality(String),
    customer_id UInt64,
    quantity UInt64,
    amount Int64,
    currency LowCardinality(String),
    sale_type LowCardinality(String),
    invoice_id String,
    payment_processor LowCardinality(String),
    metadata String,
    click_id String,
    clicked_at DateTime64(3, 'UTC'),
    link_id UInt64,
    domain LowCardinality(String),
    code String,
    url String,
    path String,
    verdict LowCardinality(String),
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
    device LowCardinality(String),
    device_brand LowCardinality(String),
    device_model LowCardinality(String),
    browser LowCardinality(String),
    browser_version LowCardinality(String),
    engine LowCardinality(String),
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
    parameters Map(LowCardinality(String), String),
    visitor UInt64,
    ip String,
    keep_days UInt16,
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3),
    region_path String ALIAS concat(country, '\t', region),
    city_path String ALIAS concat(country, '\t', region, '\t', city)
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (workspace_id, model, event, toDate(timestamp), event_id)
TTL toDateTime(timestamp) + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1;
