-- Requests by link, verdict and quarter of an hour. Quarters, because some time zones are not whole hours from UTC: with
-- them a local day is a sum of rows in every zone. Link 0 stands for all links of the workspace.
CREATE TABLE IF NOT EXISTS link_counts
(
    workspace_id UInt64,
    link_id UInt64,
    verdict LowCardinality(String),
    quarter DateTime('UTC'),
    requests SimpleAggregateFunction(sum, UInt64),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(quarter)
ORDER BY (workspace_id, link_id, verdict, quarter)
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS link_counts_feed TO link_counts AS
SELECT
    workspace_id,
    scope AS link_id,
    verdict,
    toStartOfFifteenMinutes(timestamp) AS quarter,
    count() AS requests,
    max(timestamp) AS last_at
FROM clicks
ARRAY JOIN [link_id, toUInt64(0)] AS scope
GROUP BY workspace_id, scope, verdict, quarter;
