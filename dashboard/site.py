"""What the pages are built from: made once, in app.py, and given to each of them."""

from dataclasses import dataclass, field

from dashboard.event_feed import Feeds
from dashboard.origin_client import OriginClient
from dashboard.pages import Pages
from dashboard.providers import Providers
from dashboard.sessions import Sessions
from dashboard.settings import DashboardSettings


@dataclass(frozen=True, slots=True)
class Site:
    settings: DashboardSettings
    client: OriginClient
    sessions: Sessions
    pages: Pages
    providers: Providers
    feeds: Feeds = field(default_factory=Feeds)
