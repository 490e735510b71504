-- What later releases know about a request. `stored_at` is when ClickHouse took the row: the live feed reads by it.
ALTER TABLE clicks
    ADD COLUMN IF NOT EXISTS engine LowCardinality(String) AFTER browser_version,
    ADD COLUMN IF NOT EXISTS bot_reason LowCardinality(String) AFTER bot_name,
    ADD COLUMN IF NOT EXISTS parameters Map(LowCardinality(String), String) AFTER utm_content,
    ADD COLUMN IF NOT EXISTS stored_at DateTime64(3, 'UTC') DEFAULT now64(3);
