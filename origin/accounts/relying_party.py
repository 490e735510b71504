"""Whom passkeys are for: the dashboard, as browsers see it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

NAME = "Nearhop"


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """A browser makes and uses passkeys only on pages of `origin`, and keeps them for `domain`."""

    origin: str
    domain: str


def relying_party(dashboard_url: str) -> RelyingParty:
    """That of a dashboard's base URL."""
    parts = urlsplit(dashboard_url)
    return RelyingParty(f"{parts.scheme}://{parts.netloc}", parts.hostname or "localhost")
