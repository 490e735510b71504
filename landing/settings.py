"""The website's settings, read once at start."""

from dataclasses import dataclass

from shared.errors import BadSetting
from shared.settings import setting


@dataclass(frozen=True)
class LandingSettings:
    """Where the website listens, and the addresses that its pages name."""

    host: str = setting("Address that every local process listens on.", "127.0.0.1")
    landing_port: int = setting("Port of the marketing site.", 8002, least=0)
    landing_url: str = setting("Base URL of the website, as browsers open it. Empty: the local one.", "")
    dashboard_port: int = setting("Port of the dashboard.", 8001, least=0)
    dashboard_url: str = setting("Base URL of the dashboard, as browsers open it. Empty: the local one.", "")
    repository_url: str = setting("Where the source code is, for the website to link to. Empty: no link.", "")

    def __post_init__(self) -> None:
        if self.repository_url and not self.repository_url.startswith(("https://", "http://")):
            raise BadSetting("NEARHOP_REPOSITORY_URL begins with https://, as in https://git.example.com/nearhop.")

    @property
    def site_base(self) -> str:
        """The website's own base URL without a final slash, for the sitemap and the canonical addresses."""
        return (self.landing_url or f"http://localhost:{self.landing_port}").rstrip("/")

    @property
    def dashboard_base(self) -> str:
        """Where one logs in."""
        return (self.dashboard_url or f"http://localhost:{self.dashboard_port}").rstrip("/")
