"""The settings of a local start; each process reads its own beside these."""

from dataclasses import dataclass
from pathlib import Path

from shared.settings import setting


@dataclass(frozen=True)
class LocalSettings:
    """What `make run` itself needs to know."""

    home: Path = setting("Folder of all local data: databases, the spool, KV, credentials.", Path(".nearhop"))
    host: str = setting("Address that every local process listens on.", "127.0.0.1")
    edge_port: int = setting("Port of the edge, where short links are opened.", 8787, least=1)
    origin_port: int = setting("Port of the origin's REST API.", 8000, least=1)
    dashboard_port: int = setting("Port of the dashboard.", 8001, least=1)
    landing_port: int = setting("Port of the marketing site.", 8002, least=1)
    kvsync_port: int = setting("Port of kvsync's health and metrics.", 8003, least=1)
    jobs_port: int = setting("Port of the jobs process's health and metrics.", 8004, least=1)
    kv_api_port: int = setting("Port of the local stand-in for Cloudflare's KV API.", 8788, least=1)
    ready_timeout: float = setting("Seconds that a start may take until every process is ready.", 120.0, least=1)
    log_format: str = setting("Form of the log lines: `text` for people, `json` for machines.", "text")
    secret_key: str = setting(
        "Key of access tokens and short codes. Empty: made on the first start and kept in NEARHOP_HOME.",
        "",
        secret=True,
    )
    edge_secret: str = setting(
        "Secret that edge and origin sign their calls with. Empty: made on the first start.", "", secret=True
    )
    cloudflare_api_token: str = setting(
        "Token for Cloudflare's KV API. Empty: made on the first start, for the local one.",
        "",
        alias="CLOUDFLARE_API_TOKEN",
        secret=True,
    )

    def ports(self) -> dict[str, int]:
        """Every port that this start will listen on, by the setting's name."""
        names = (
            "edge_port",
            "origin_port",
            "dashboard_port",
            "landing_port",
            "kvsync_port",
            "jobs_port",
            "kv_api_port",
        )
        return {name: getattr(self, name) for name in names}

    def url(self, name: str) -> str:
        """The address of a process's port, as a browser on this machine opens it."""
        return f"http://localhost:{getattr(self, f'{name}_port')}"
