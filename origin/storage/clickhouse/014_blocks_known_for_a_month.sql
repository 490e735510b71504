-- How long replicas know a block again that is sent once more: by default an hour, since ClickHouse 25.10. Whoever was killed may come back
-- later than that. It is bounded by the number of blocks in any case. One server alone does not look at it.
ALTER TABLE clicks MODIFY SETTING replicated_deduplication_window_seconds = 2592000;

ALTER TABLE link_counts MODIFY SETTING replicated_deduplication_window_seconds = 2592000;

ALTER TABLE link_days MODIFY SETTING replicated_deduplication_window_seconds = 2592000;

ALTER TABLE link_months MODIFY SETTING replicated_deduplication_window_seconds = 2592000;

ALTER TABLE dimension_spans MODIFY SETTING replicated_deduplication_window_seconds = 2592000;

ALTER TABLE audience_days MODIFY SETTING replicated_deduplication_window_seconds = 2592000;

ALTER TABLE visitor_days MODIFY SETTING replicated_deduplication_window_seconds = 2592000;

ALTER TABLE tracked_clicks MODIFY SETTING replicated_deduplication_window_seconds = 2592000;

ALTER TABLE conversion_credits MODIFY SETTING replicated_deduplication_window_seconds = 2592000;

ALTER TABLE conversion_quarters MODIFY SETTING replicated_deduplication_window_seconds = 2592000;

ALTER TABLE conversion_spans MODIFY SETTING replicated_deduplication_window_seconds = 2592000;
