"""The dashboard's settings, read once at start."""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from shared.home import local_secrets
from shared.settings import setting


@dataclass(frozen=True)
class DashboardSettings:
    """Where the dashboard listens, where origin answers, and the key of its cookies."""

    home: Path = setting(
        "Folder of all local data; the dashboard reads its secret there when none is set.", Path(".nearhop")
    )
    host: str = setting("Address that every local process listens on.", "127.0.0.1")
    dashboard_port: int = setting("Port of the dashboard.", 8001, least=0)
    origin_port: int = setting("Port of the origin's REST API.", 8000, least=0)
    origin_url: str = setting("Base URL of the origin. Empty: the local one.", "")
    dashboard_url: str = setting("Base URL of the dashboard, as browsers open it. Empty: the local one.", "")
    secret_key: str = setting(
        "Key of cookies. Empty: made on the first start and kept in NEARHOP_HOME.", "", secret=True
    )

    @property
    def origin_base(self) -> str:
        """Origin's base URL without a final slash."""
        return (self.origin_url or f"http://127.0.0.1:{self.origin_port}").rstrip("/")

    @property
    def secure_cookies(self) -> bool:
        """Whether browsers may send the cookies over https only."""
        return self.dashboard_url.startswith("https://")

    def cookie_key(self) -> str:
        """The key that signs cookies: derived, so that it is worth nothing anywhere else."""
        secret = self.secret_key or local_secrets(self.home)["secret_key"]
        return hmac.new(secret.encode(), b"nearhop dashboard cookies", hashlib.sha256).hexdigest()
