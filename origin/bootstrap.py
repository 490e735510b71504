"""The composition root: everything that origin is made of, put together once."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncEngine

from origin.accounts.access import Access
from origin.accounts.access_tokens import AccessTokens
from origin.accounts.authenticator import Authenticator
from origin.accounts.parts import AccountParts, account_parts
from origin.accounts.passwords import Passwords
from origin.analytics.asking import utc_now
from origin.analytics.conversion_reader import ConversionReader
from origin.analytics.live import LiveHub
from origin.analytics.reader import AnalyticsReader
from origin.analytics.totals import ClickTotals, StoredConversions
from origin.clicks.pipeline import ClickPipeline, clickhouse_of
from origin.clicks.settings import ClickSettings
from origin.conversions.drain import ConversionDrain
from origin.conversions.facts import StoredClicks
from origin.conversions.service import Conversions
from origin.domains.dns import DomainDns
from origin.domains.ownership import Ownership
from origin.limits.gate import Gate
from origin.limits.limiter import Limiter
from origin.limits.rules import rules_of
from origin.links.codes import Codes
from origin.links.loops import Loops
from origin.links.options import Records
from origin.links.reader import Reader
from origin.links.service import Links
from origin.oidc.sign_in import SignIn, sign_in
from origin.outbound import Outbound
from origin.plans import days_of_plans
from origin.qr.logos import Logos
from origin.safety.blocklist import Blocklist
from origin.safety.checks import Safety
from origin.safety.recheck import CountedClicks, Recheck
from origin.safety.reports import Reports
from origin.safety.safe_browsing import SafeBrowsing
from origin.settings import OriginSettings
from origin.storage.engine import make_engine
from origin.storage.replicas import Replicas
from shared.slug import normalize_domain


@dataclass(frozen=True, slots=True)
class Origin:
    """The parts that the routes are given."""

    settings: OriginSettings
    engine: AsyncEngine
    replicas: Replicas | None
    passwords: Passwords
    accounts: AccountParts
    sign_in: SignIn
    access: Access
    gate: Gate
    links: Links
    safety: Safety
    reports: Reports
    recheck: Recheck
    reader: Reader
    domains: Ownership
    clicks: ClickPipeline
    analytics: AnalyticsReader
    conversion_analytics: ConversionReader
    live: LiveHub
    logos: Logos
    conversions: Conversions
    conversion_drain: ConversionDrain
    audit_days: Mapping[str, int]


def bootstrap(settings: OriginSettings, click_settings: ClickSettings) -> Origin:
    """Make the parts; nothing is connected or started yet."""
    engine = make_engine(settings.postgres_url, pool_size=settings.database_pool)
    # Few connections of their own: whoever holds one of the above while they ask for another must get that.
    apart = make_engine(settings.postgres_url, pool_size=2)
    clickhouse = clickhouse_of(settings, click_settings)
    analytics = AnalyticsReader(clickhouse)
    totals = ClickTotals(analytics)
    conversion_analytics = ConversionReader(clickhouse)
    tokens = AccessTokens(settings.signing_key)
    domain = normalize_domain(settings.default_domain)
    passwords = Passwords()
    loops = Loops(settings.public_edge_url, domain)
    safety = Safety(
        Blocklist(settings.blocklist if settings.blocklist.name else None),
        SafeBrowsing(settings.safe_browsing_url, settings.safe_browsing_key),
    )
    records = Records(settings.edge_signing_secret)
    clicks = ClickPipeline(settings, click_settings, engine, clickhouse)
    stored_clicks = StoredClicks(clickhouse)
    return Origin(
        settings=settings,
        engine=engine,
        replicas=_replicas(settings, engine),
        passwords=passwords,
        accounts=account_parts(apart, settings.signing_key, tokens, passwords, settings.public_dashboard_url),
        sign_in=sign_in(settings.oidc_providers, settings.signing_key, settings.public_dashboard_url),
        access=Authenticator(engine, tokens),
        gate=_gate(settings),
        links=Links(
            Codes(settings.signing_key), loops, domain, settings.allow_private_destinations, records, totals, safety
        ),
        reader=Reader(
            totals,
            domain,
            settings.public_edge_url,
            settings.public_api_url,
            StoredConversions(conversion_analytics),
        ),
        safety=safety,
        recheck=Recheck(engine, safety, records, CountedClicks(clickhouse)),
        reports=Reports(settings.public_edge_url, domain, settings.signing_key),
        domains=Ownership(_dns(settings), settings.allow_private_destinations, bool(settings.cloudflare_zone_id)),
        clicks=clicks,
        analytics=analytics,
        conversion_analytics=conversion_analytics,
        live=LiveHub(analytics, conversion_analytics, utc_now),
        logos=Logos(Outbound(allow_private=settings.allow_private_destinations)),
        conversions=Conversions(stored_clicks),
        conversion_drain=ConversionDrain(engine, clickhouse, stored_clicks, clicks.retention),
        audit_days=days_of_plans(settings.audit_retention, "NEARHOP_AUDIT_RETENTION"),
    )


def _dns(settings: OriginSettings) -> DomainDns:
    edge_host = urlsplit(settings.public_edge_url).hostname or settings.default_domain
    return DomainDns(settings.signing_key, edge_host, settings.dns_servers)


def _replicas(settings: OriginSettings, primary: AsyncEngine) -> Replicas | None:
    urls = settings.database_replica_urls
    if not urls:
        return None
    # Who waits for a replica could have had the primary's answer: they are given up soon.
    return Replicas(primary, [make_engine(url, pool_size=settings.database_pool, connect_seconds=2) for url in urls])


def _gate(settings: OriginSettings) -> Gate:
    # A pool of its own: a busy API must not keep the limits from being asked.
    engine = make_engine(settings.postgres_url, pool_size=2)
    rules = rules_of(settings.rate_limits, settings.rate_limit_people, settings.rate_limit_addresses)
    return Gate(Limiter(engine, patience=settings.rate_limit_patience_ms / 1000), rules)
