-- Leads and sales with a sign: a row that is revised is taken back by the same row with -1, in the block that has the new one.
-- So sums need not look for former revisions, the columns can be kept in a second order, and rollups can be fed. The table
-- before is not copied: Postgres has all, and sends what this table never had.
CREATE TABLE IF NOT EXISTS conversion_credits
(
    workspace_id UInt64,
    model LowCardinality(String),
    event LowCardinality(String),
    event_id String,
    revision UInt64,
    sign Int8,
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
    city_path String ALIAS concat(country, '\t', region, '\t', city),
    PROJECTION by_link
    (
        SELECT
            workspace_id, link_id, model, event, timestamp, sign, event_name, quantity, amount, currency, sale_type, variant,
            country, region, city, continent, device, device_brand, browser, engine, os, network, referer, channel, language, trigger,
            domain, utm_source, utm_medium, utm_campaign, utm_term, utm_content
        ORDER BY workspace_id, link_id, model, event, timestamp
    )
)
ENGINE = CollapsingMergeTree(sign)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (workspace_id, model, event, toDate(timestamp), event_id, revision)
TTL toDateTime(timestamp) + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1,
    deduplicate_merge_projection_mode = 'rebuild', min_age_to_force_merge_seconds = 86400,
    min_age_to_force_merge_on_partition_only = 1;

-- Leads, sales and what was paid by quarters of an hour, of whole workspaces.
CREATE TABLE IF NOT EXISTS conversion_quarters
(
    workspace_id UInt64,
    model LowCardinality(String),
    event LowCardinality(String),
    quarter DateTime('UTC'),
    currency LowCardinality(String),
    quantity SimpleAggregateFunction(sum, Int64),
    events SimpleAggregateFunction(sum, Int64),
    amount SimpleAggregateFunction(sum, Int64),
    keep_days SimpleAggregateFunction(max, UInt16)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(quarter)
ORDER BY (workspace_id, model, event, quarter, currency)
TTL quarter + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024,
    min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

-- The same by the values of each dimension, and by link, by UTC day and month.
CREATE TABLE IF NOT EXISTS conversion_spans
(
    workspace_id UInt64,
    model LowCardinality(String),
    event LowCardinality(String),
    dimension LowCardinality(String),
    span LowCardinality(String),
    start Date,
    value String,
    currency LowCardinality(String),
    quantity SimpleAggregateFunction(sum, Int64),
    events SimpleAggregateFunction(sum, Int64),
    amount SimpleAggregateFunction(sum, Int64),
    keep_days SimpleAggregateFunction(max, UInt16)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(start)
ORDER BY (workspace_id, model, event, dimension, span, start, value, currency)
TTL if(span = 'day', start + 1, start + 31) + toIntervalDay(keep_days) DELETE WHERE keep_days > 0
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024,
    min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS conversion_quarters_feed TO conversion_quarters AS
SELECT
    workspace_id,
    model,
    event,
    toStartOfFifteenMinutes(timestamp) AS quarter,
    currency,
    sum(sign * toInt64(conversion_credits.quantity)) AS quantity,
    sum(sign) AS events,
    sum(sign * conversion_credits.amount) AS amount,
    max(conversion_credits.keep_days) AS keep_days
FROM conversion_credits
GROUP BY workspace_id, model, event, quarter, currency;

CREATE MATERIALIZED VIEW IF NOT EXISTS conversion_spans_feed TO conversion_spans AS
SELECT
    workspace_id,
    model,
    event,
    pair.1 AS dimension,
    part AS span,
    if(part = 'day', toDate(timestamp), toStartOfMonth(timestamp)) AS start,
    pair.2 AS value,
    currency,
    sum(sign * toInt64(conversion_credits.quantity)) AS quantity,
    sum(sign) AS events,
    sum(sign * conversion_credits.amount) AS amount,
    max(conversion_credits.keep_days) AS keep_days
FROM conversion_credits
ARRAY JOIN
    arrayFilter(
        each -> each.2 != '',
        [
            ('link_id', toString(link_id)),
            ('event_name', toString(event_name)),
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
ARRAY JOIN ['day', 'month'] AS part
GROUP BY workspace_id, model, event, dimension, span, start, value, currency;

DROP TABLE IF EXISTS conversions;
