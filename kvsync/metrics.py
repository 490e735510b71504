"""What kvsync counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """One registry a process, so that tests can hold several."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.depth = Gauge("nearhop_kvsync_outbox_depth", "Changes waiting in the outbox.", registry=self.registry)
        self.lag = Gauge("nearhop_kvsync_lag_seconds", "Age of the oldest waiting change.", registry=self.registry)
        self.poisoned_rows = Gauge(
            "nearhop_kvsync_poisoned_rows", "Changes that KV refuses, set aside.", registry=self.registry
        )
        self.feed_age = Gauge(
            "nearhop_kvsync_feed_age_seconds", "Time since the change feed was last written.", registry=self.registry
        )
        self.feeds = Counter("nearhop_kvsync_feeds", "Writes of the change feed.", registry=self.registry)
        self.packs = Counter("nearhop_kvsync_packs", "Writes of packs of popular links.", registry=self.registry)
        self.packed_links = Gauge(
            "nearhop_kvsync_packed_links", "Links in the packs that were written last.", registry=self.registry
        )
        self.published = Counter(
            "nearhop_kvsync_published", "Keys written to or deleted from KV.", ["kind"], registry=self.registry
        )
        self.superseded = Counter(
            "nearhop_kvsync_superseded", "Changes dropped because KV had a newer version.", registry=self.registry
        )
        self.poisoned = Counter(
            "nearhop_kvsync_poisoned", "Changes set aside because KV refused them.", registry=self.registry
        )
        self.failed = Counter(
            "nearhop_kvsync_failed",
            "Rounds that ended early, by what stopped them.",
            ["reason"],
            registry=self.registry,
        )
