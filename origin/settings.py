"""What can be set about origin."""

from dataclasses import dataclass
from pathlib import Path

from shared.home import embedded_database_url, local_secrets
from shared.settings import setting


@dataclass(frozen=True, slots=True)
class OriginSettings:
    """Read once, at start. Secrets that are not set are those of the home, made on its first start."""

    home: Path = setting("Folder of everything that a local installation keeps.", Path(".nearhop"))
    host: str = setting("Address that the services listen on.", "127.0.0.1")
    origin_port: int = setting("Port of the REST API.", 8000, least=0)
    edge_port: int = setting("Port of the local edge.", 8787, least=0)
    dashboard_port: int = setting("Port of the dashboard.", 8001, least=0)
    jobs_port: int = setting("Port of the jobs process's health and metrics.", 8004, least=0)
    origin_url: str = setting("Address at which others reach the REST API; empty: http://127.0.0.1 and its port.", "")
    edge_url: str = setting(
        "Public address of the default short domain; empty: http://localhost and the edge's port.", ""
    )
    dashboard_url: str = setting("Base URL of the dashboard, as browsers open it. Empty: the local one.", "")
    mail_url: str = setting(
        "SMTP server for mail, as smtp://user:password@host:port or smtps://...; empty: letters go to a local mailbox.",
        "",
        secret=True,
    )
    mail_from: str = setting("Who mail is from, as `Name <address>`.", "Nearhop <nearhop@localhost.localdomain>")
    trusted_proxies: tuple[str, ...] = setting(
        "Addresses whose X-Forwarded-For is believed, with commas: the dashboard's and those of reverse proxies.",
        ("127.0.0.1", "::1"),
    )
    default_domain: str = setting(
        "Short domain that every workspace may use, as a host name without port.", "localhost"
    )
    dns_servers: tuple[str, ...] = setting(
        "Name servers that domains are verified with, as address or address:port, with commas; empty: the machine's own.",
        (),
    )
    database_url: str = setting(
        "Postgres 15 or newer, as postgresql://...; empty: the embedded one.", "", alias="DATABASE_URL", secret=True
    )
    database_replica_urls: tuple[str, ...] = setting(
        "Read replicas of that Postgres, as postgresql://..., with commas. Reads that may lag go there.",
        (),
        alias="DATABASE_REPLICA_URLS",
        secret=True,
    )
    clickhouse_url: str = setting(
        "ClickHouse server, as http(s)://user:password@host:port/database; empty: the embedded one.",
        "",
        alias="CLICKHOUSE_URL",
        secret=True,
    )
    secret_key: str = setting(
        "Key of access tokens and of the order of short codes; empty: the home's own.", "", secret=True
    )
    oidc_providers: str = setting(
        "Providers of OpenID Connect to log in with, as a JSON list of objects: see docs/access.md; empty: none.",
        "",
        secret=True,
    )
    edge_secret: str = setting(
        "Key that edge and origin sign their calls with; empty: the home's own.", "", secret=True
    )
    cloudflare_zone_id: str = setting(
        "Cloudflare zone whose custom hostnames the domains of workspaces become (Cloudflare for SaaS); empty: none.",
        "",
        alias="CLOUDFLARE_ZONE_ID",
    )
    cloudflare_api_token: str = setting(
        "API token that may edit that zone's custom hostnames.", "", alias="CLOUDFLARE_API_TOKEN", secret=True
    )
    cloudflare_saas_api_url: str = setting(
        "Base URL of Cloudflare's API of custom hostnames.", "https://api.cloudflare.com/client/v4"
    )
    audit_retention: tuple[str, ...] = setting(
        "Days that the audit log is kept by a workspace's plan, as free=90,pro=365; of other plans for ever.", ()
    )
    database_pool: int = setting("Connections to Postgres that an origin process keeps open.", 10, least=1)
    body_limit: int = setting("Largest request body that the API reads, in bytes.", 1_000_000, least=1000)
    rate_limits: tuple[str, ...] = setting(
        "Requests a minute that each API key may make, by the workspace's plan, as free=600,pro=1200; 0: no limit. Other "
        "plans have the first one's.",
        ("free=600", "pro=1200", "business=3000", "enterprise=6000"),
    )
    rate_limit_people: int = setting(
        "Requests a minute that somebody who is logged in may make; 0: no limit.", 600, least=0
    )
    rate_limit_addresses: int = setting(
        "Requests a minute without a key that an address may make; 0: no limit. This machine's own is not limited.",
        300,
        least=0,
    )
    rate_limit_patience_ms: int = setting(
        "Milliseconds that a request waits for Postgres to say whether it is within its limit, before it passes unlimited.",
        250,
        least=1,
    )
    allow_private_destinations: bool = setting(
        "Whether links may lead to localhost, to private networks and to host names without a dot.", default=False
    )
    blocklist: Path = setting(
        "File of hosts and beginnings of URLs that links may not lead to, read again when it changes; empty: none.",
        Path(),
    )
    safe_browsing_key: str = setting(
        "API key for Google Safe Browsing, which destinations are compared with; empty: they are not.", "", secret=True
    )
    safe_browsing_url: str = setting("Address of Safe Browsing.", "https://safebrowsing.googleapis.com")
    api_requests_log: bool = setting("Whether each API request is logged.", default=True)

    @property
    def embedded_postgres(self) -> bool:
        """Whether Postgres is the embedded one, which origin may then migrate by itself."""
        return not self.database_url

    @property
    def postgres_url(self) -> str:
        """The `postgresql://` URL to use."""
        return self.database_url or embedded_database_url(self.home)

    @property
    def public_edge_url(self) -> str:
        """Base of short links on the default domain, without a final slash."""
        return (self.edge_url or f"http://localhost:{self.edge_port}").rstrip("/")

    @property
    def public_api_url(self) -> str:
        """Base of the REST API's addresses, without a final slash."""
        return (self.origin_url or f"http://127.0.0.1:{self.origin_port}").rstrip("/")

    @property
    def public_dashboard_url(self) -> str:
        """Base of the dashboard's pages, without a final slash."""
        return (self.dashboard_url or f"http://localhost:{self.dashboard_port}").rstrip("/")

    @property
    def mailbox_folder(self) -> Path:
        """Where letters stay when no SMTP server is set."""
        return self.home / "mail"

    @property
    def shows_mailbox(self) -> bool:
        """Whether this is a local installation that sends no mail, whose letters are read here."""
        return self.embedded_postgres and not self.mail_url

    @property
    def signing_key(self) -> str:
        """NEARHOP_SECRET_KEY, or the home's."""
        return self.secret_key or local_secrets(self.home)["secret_key"]

    @property
    def edge_signing_secret(self) -> str:
        """NEARHOP_EDGE_SECRET, or the home's."""
        return self.edge_secret or local_secrets(self.home)["edge_secret"]
