"""What an isolate did since it started. Plain integers: adding to one must cost nothing."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counters:
    """`clicks_kept` plus those still buffered are all visits; sent, queued, dropped, held and under way add up to it."""

    clicks_kept: int = 0  # taken out of the buffer in a batch or dropped from it, whatever their kind
    clicks_sent: int = 0  # acknowledged by origin
    clicks_queued: int = 0  # acknowledged by the queue
    clicks_dropped: int = 0  # pushed out of a full buffer
    visits_unread: int = 0  # kept without what their requests said, since the runtime would not tell
    kv_reads: int = 0  # those of the change feed and of packs among them
    feed_reads: int = 0
    feed_changes: int = 0  # changes of links that were held
    feed_gaps: int = 0  # feeds that do not go on from the one before
    pack_reads: int = 0
    packs_refused: int = 0  # damaged, or older than what the change feed reaches back to
    kv_failures: int = 0
    origin_reads: int = 0
    origin_failures: int = 0
    bad_records: int = 0
    refreshes: int = 0
    misses_refused: int = 0  # unknown codes that origin was not asked for, since one address asked for too many

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def prometheus(values: dict[str, int], gauges: dict[str, int]) -> str:
    """The text format that Prometheus reads."""
    lines = []
    for kind, group, suffix in (("counter", values, "_total"), ("gauge", gauges, "")):
        for name, value in group.items():
            full = f"nearhop_edge_{name}{suffix}"
            lines += [f"# TYPE {full} {kind}", f"{full} {value}"]
    return "\n".join(lines) + "\n"
