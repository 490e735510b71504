-- Who was there, as states of an approximate count of distinct visitors. By day, as the visitor hash lives for one UTC day.
CREATE TABLE IF NOT EXISTS visitor_days
(
    workspace_id UInt64,
    link_id UInt64,
    day Date,
    visitors AggregateFunction(uniq, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (workspace_id, link_id, day)
SETTINGS non_replicated_deduplication_window = 20000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS visitor_days_feed TO visitor_days AS
SELECT
    workspace_id,
    scope AS link_id,
    toDate(timestamp) AS day,
    uniqState(visitor) AS visitors
FROM clicks
ARRAY JOIN [link_id, toUInt64(0)] AS scope
WHERE verdict = 'click'
GROUP BY workspace_id, scope, day;
