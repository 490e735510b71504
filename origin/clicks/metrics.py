"""What Prometheus may know about clicks on their way."""

from prometheus_client import Counter, Gauge, Histogram

BATCHES = Counter("nearhop_click_batches_total", "Click batches that were acknowledged to the edge.")
ACCEPTED = Counter("nearhop_clicks_accepted_total", "Clicks that were acknowledged to the edge.")
REFUSED = Counter("nearhop_clicks_refused_total", "Clicks that could not be read and were set aside.")
UNSIGNED = Counter(
    "nearhop_click_batches_unsigned_total", "Calls of the intake whose signature was missing, wrong or stale."
)
TURNED_AWAY = Counter("nearhop_click_batches_turned_away_total", "Batches answered 503.", ["reason"])
EDGE = Gauge(
    "nearhop_edge_counters",
    "What the edge's isolates counted, by their last batches, as of at most a minute ago.",
    ["counter"],
)
EDGE_FAILURES = Counter(
    "nearhop_edge_counter_failures_total",
    "Failures to keep or add up the edge's counters, which clicks do not wait for.",
)
RANKING_FAILURES = Counter(
    "nearhop_popular_links_failures_total",
    "Failures to rank the links visited most lately; the ranking of before stays.",
)
STORED = Counter("nearhop_clicks_stored_total", "Clicks inserted into ClickHouse.")
DUPLICATES = Counter("nearhop_clicks_duplicate_total", "Clicks of batches that had been counted before.")
UNREADABLE = Counter("nearhop_clicks_unreadable_total", "Spooled clicks that could not be enriched and were set aside.")
FAILURES = Counter(
    "nearhop_click_drain_failures_total", "Attempts of the drain that failed and are repeated.", ["part"]
)
LAG = Gauge("nearhop_click_drain_lag_seconds", "Age of the oldest spooled click batch that ClickHouse does not have.")
SPOOL_BYTES = Gauge("nearhop_click_spool_bytes", "Bytes of the click spool on disk.")
SPOOL_DAMAGED = Gauge("nearhop_click_spool_damaged_bytes", "Bytes of the spool set aside as damaged since the start.")
INSERT_SECONDS = Histogram("nearhop_click_insert_seconds", "Time of one insert into ClickHouse.")
