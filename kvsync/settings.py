"""kvsync's settings: read once from the environment and `.env`, checked at start."""

from dataclasses import dataclass, replace
from pathlib import Path

from shared.errors import BadSetting
from shared.home import embedded_database_url, local_secrets
from shared.settings import load, setting

# Cloudflare's own bounds of one bulk call: https://developers.cloudflare.com/kv/platform/limits/
CLOUDFLARE_BULK_PAIRS = 10_000
CLOUDFLARE_BULK_BYTES = 100_000_000


@dataclass(frozen=True)
class Settings:
    """What kvsync can be told. Seconds may have fractions."""

    home: Path = setting("Folder of a local installation's data.", Path(".nearhop"))
    host: str = setting("Address that kvsync's health and metrics listen on.", "127.0.0.1")
    kvsync_port: int = setting("Port of kvsync's health and metrics.", 8003, least=0)
    kv_api_port: int = setting("Port of the local stand-in for Cloudflare's API.", 8788, least=1)
    database_url: str = setting("Postgres URL; empty means the embedded one.", "", alias="DATABASE_URL", secret=True)
    cloudflare_api_url: str = setting(
        "Base URL of Cloudflare's API; empty means the local stand-in.", "", alias="CLOUDFLARE_API_URL"
    )
    cloudflare_api_token: str = setting(
        "API token that may write Workers KV; empty means the local installation's.",
        "",
        alias="CLOUDFLARE_API_TOKEN",
        secret=True,
    )
    cloudflare_account_id: str = setting("Cloudflare account.", "local", alias="CLOUDFLARE_ACCOUNT_ID")
    cloudflare_kv_namespace_id: str = setting(
        "Workers KV namespace of the links.", "nearhop-links", alias="CLOUDFLARE_KV_NAMESPACE_ID"
    )
    kv_timeout_seconds: float = setting("Longest wait for one call of the KV API.", 10.0, least=0.1)
    kv_lease_seconds: float = setting(
        "How long a claimed key is kept from other kvsyncs; at least twice the timeout and a second.", 30.0, least=1
    )
    kv_batch_pairs: int = setting(
        "Most pairs in one bulk call (Cloudflare takes 10,000); fewer are sent while calls are slow.", 2_000, least=1
    )
    kv_batch_bytes: int = setting("Most bytes in one bulk call (Cloudflare takes 100 MB).", 50_000_000, least=1_000)
    kv_key_interval_seconds: float = setting(
        "Least time between two writes of one key (Cloudflare takes one a second).", 1.0, least=0
    )
    kv_poll_seconds: float = setting("How often the outbox is looked at when no notification came.", 5.0, least=0.05)
    kv_backoff_seconds: float = setting(
        "First pause after a failed call; it doubles up to 60 times this.", 0.5, least=0
    )
    kv_feed_interval_seconds: float = setting(
        "Least time between two writes of the change feed (Cloudflare takes one a second of a key).", 2.0, least=0.05
    )
    kv_feed_heartbeat_seconds: float = setting(
        "How often the change feed is written though nothing changed; the edge trusts it for FEED_SECONDS.",
        30.0,
        least=0.05,
    )
    kv_pack_seconds: float = setting(
        "Least time between two writes of the packs of popular links, which new isolates of the edge read; a tenth of it while "
        "so many changes come that the edge takes no older ones. 0: none.",
        600.0,
        least=0,
    )
    kv_pack_bytes: int = setting("Most bytes of all packs; the edge reads PRELOAD_BYTES of them.", 25_000_000, least=0)
    kv_settle_seconds: float = setting(
        "reconcile passes over keys written this recently: Workers KV lists them late.", 60.0, least=0
    )

    def __post_init__(self) -> None:
        if self.kv_lease_seconds < 2 * self.kv_timeout_seconds + 1:
            raise BadSetting(
                "NEARHOP_KV_LEASE_SECONDS must be at least twice NEARHOP_KV_TIMEOUT_SECONDS and a second: "
                "a lease that runs out during a call would let another kvsync write the same key"
            )
        if self.kv_batch_pairs > CLOUDFLARE_BULK_PAIRS or self.kv_batch_bytes > CLOUDFLARE_BULK_BYTES:
            raise BadSetting(
                f"NEARHOP_KV_BATCH_PAIRS may be {CLOUDFLARE_BULK_PAIRS} at most and "
                f"NEARHOP_KV_BATCH_BYTES {CLOUDFLARE_BULK_BYTES}: Cloudflare refuses more"
            )


def read_settings() -> Settings:
    """The settings with what depends on the local installation filled in; raises BadSetting."""
    return resolved(load(Settings))


def resolved(settings: Settings) -> Settings:
    """Empty addresses and secrets replaced by the local installation's."""
    return replace(
        settings,
        database_url=settings.database_url or embedded_database_url(settings.home),
        cloudflare_api_url=settings.cloudflare_api_url or f"http://127.0.0.1:{settings.kv_api_port}/client/v4",
        cloudflare_api_token=settings.cloudflare_api_token or local_secrets(settings.home)["kv_api_token"],
    )
