"""The composition root: what the dashboard is made of, and which address shows what."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette_wtf import CSRFProtectMiddleware, csrf_protect

from dashboard.account_changes import AccountChanges
from dashboard.account_security import AccountSecurity
from dashboard.accounts import Accounts
from dashboard.analytics import AnalyticsPage
from dashboard.api_keys import ApiKeys
from dashboard.assets import FOLDER, HashedFiles
from dashboard.audit_log import AuditLogPage
from dashboard.conversions import ConversionsPage
from dashboard.events import EventsPage
from dashboard.health import CountRequests, Health, Metrics
from dashboard.invitation import InvitationPage
from dashboard.letters import Letters
from dashboard.link import LinkPage
from dashboard.link_edit import LinkEdit
from dashboard.links import Links
from dashboard.members import Members
from dashboard.oidc_login import OidcLogin
from dashboard.origin_client import OriginClient
from dashboard.pages import Pages
from dashboard.passkey_login import PasskeyLogin
from dashboard.passkeys import PasskeyPages
from dashboard.problems import Problems
from dashboard.providers import Providers
from dashboard.qr import QrCodes
from dashboard.request_ids import RequestIds
from dashboard.second_factor import SecondFactorPages
from dashboard.second_step import SecondStepPage
from dashboard.security import SecurityHeaders
from dashboard.sessions import MAX_AGE_SECONDS, Sessions
from dashboard.settings import DashboardSettings
from dashboard.site import Site
from dashboard.visitor import KnowVisitor
from dashboard.workspaces import Settings, Workspaces

SESSION_COOKIE = "nearhop_session"
# The longest form holds a destination of tens of kilobytes, each byte of which may be written as three.
LARGEST_BODY = 256 * 1024
Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(settings: DashboardSettings, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """The dashboard as an ASGI app; `transport` stands in for the network to origin."""
    client = OriginClient(settings.origin_base, transport)
    site = Site(settings, client, Sessions(client), Pages(), Providers(client))
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        yield
        await client.close()

    handlers: Any = Problems(site).handlers()
    app = Starlette(
        routes=[*page_routes(site), *service_routes(Health(client), metrics)],
        middleware=middleware(settings, metrics),
        exception_handlers=handlers,
        lifespan=lifespan,
    )
    app.state.feeds = site.feeds
    return app


def page_routes(site: Site) -> list[BaseRoute]:
    """Everything a person opens or sends."""
    accounts, links, link, edit = Accounts(site), Links(site), LinkPage(site), LinkEdit(site)
    qr_codes, api_keys, letters, events = QrCodes(site), ApiKeys(site), Letters(site), EventsPage(site)
    return [
        *team_routes(site),
        Route("/", home),
        *security_routes(site),
        Route("/login", accounts.show),
        form_route("/login", accounts.log_in),
        form_route("/logout", accounts.log_out),
        *(Route(path, page.show) for path, page in letters.forms().items()),
        *(form_route(path, page.send) for path, page in letters.forms().items()),
        Route("/letter-sent", letters.sent),
        Route("/links", links.index),
        Route("/links.csv", links.export),
        Route("/links/new", edit.new),
        form_route("/links/new", edit.create),
        Route("/links/{link_id}", link.show),
        Route("/links/{link_id}/edit", edit.edit),
        form_route("/links/{link_id}/edit", edit.update),
        Route("/links/{link_id}/delete", links.confirm_delete),
        form_route("/links/{link_id}/delete", links.delete),
        Route("/links/{link_id}/qr.{kind}", qr_codes.show),
        Route("/analytics", AnalyticsPage(site).show),
        Route("/conversions", ConversionsPage(site).index),
        Route("/events", events.index),
        Route("/events/live", events.live),
        Route("/events.{format}", events.export),
        Route("/api-keys", api_keys.index),
        form_route("/api-keys", api_keys.create),
        Route("/api-keys/{key_id}/delete", api_keys.confirm_delete),
        form_route("/api-keys/{key_id}/delete", api_keys.delete),
    ]


def security_routes(site: Site) -> list[BaseRoute]:
    """How one gets in."""
    account, oidc = AccountChanges(site), OidcLogin(site)
    security, factor, step = AccountSecurity(site), SecondFactorPages(site), SecondStepPage(site)
    return [
        *passkey_routes(site),
        *(Route(path, page.show) for path, page in account.forms().items()),
        *(form_route(path, page.send) for path, page in account.forms().items()),
        Route("/login/oidc/{provider}/start", oidc.begin),
        Route("/login/oidc/{provider}", oidc.finish),
        Route("/login/second-step", step.show),
        form_route("/login/second-step", step.send),
        Route("/security", security.index),
        form_route("/security/sessions/end", security.end_sessions),
        form_route("/security/sessions/{session_id}/end", security.end_session),
        Route("/security/identities/{identity_id}", security.show_identity),
        form_route("/security/identities/{identity_id}", security.unlink),
        Route("/security/second-factor", factor.begin),
        form_route("/security/second-factor", factor.enrol),
        form_route("/security/second-factor/confirm", factor.confirm),
        Route("/security/second-factor/codes", factor.show_renew),
        form_route("/security/second-factor/codes", factor.renew),
        Route("/security/second-factor/off", factor.show_off),
        form_route("/security/second-factor/off", factor.switch_off),
    ]


def passkey_routes(site: Site) -> list[BaseRoute]:
    """Passkeys: to have, and to log in by."""
    passkeys, first, second = PasskeyPages(site), PasskeyLogin(site), PasskeyLogin(site, second=True)
    return [
        form_route("/login/passkey", first.ask),
        form_route("/login/passkey/finish", first.finish),
        form_route("/login/second-step/passkey", second.ask),
        form_route("/login/second-step/passkey/finish", second.finish),
        Route("/security/passkeys/new", passkeys.begin),
        form_route("/security/passkeys/new", passkeys.ask),
        form_route("/security/passkeys", passkeys.add),
        Route("/security/passkeys/{passkey_id}", passkeys.show),
        form_route("/security/passkeys/{passkey_id}", passkeys.rename),
        form_route("/security/passkeys/{passkey_id}/delete", passkeys.delete),
    ]


def team_routes(site: Site) -> list[BaseRoute]:
    """Workspaces, who is in them, and what they did."""
    members, invitation, workspaces = Members(site), InvitationPage(site), Workspaces(site)
    settings, audit_log = Settings(site), AuditLogPage(site)
    return [
        Route("/members", members.index),
        form_route("/members", members.invite),
        form_route("/members/{user_id}/role", members.change_role),
        Route("/members/{user_id}/remove", members.confirm_remove),
        form_route("/members/{user_id}/remove", members.remove),
        form_route("/members/invitations/{invitation_id}/resend", members.resend),
        form_route("/members/invitations/{invitation_id}/revoke", members.revoke),
        Route("/invitation", invitation.show),
        form_route("/invitation", invitation.take),
        form_route("/invitation/accept", invitation.accept),
        form_route("/invitation/register", invitation.register),
        form_route("/invitation/put-aside", invitation.put_aside),
        Route("/workspaces", workspaces.index),
        form_route("/workspaces", workspaces.create),
        form_route("/workspaces/{workspace_id}/choose", workspaces.choose),
        Route("/settings", settings.show),
        form_route("/settings", settings.save),
        form_route("/settings/transfer", settings.transfer),
        Route("/settings/delete", settings.confirm_delete),
        form_route("/settings/delete", settings.delete),
        Route("/audit-log", audit_log.index),
        Route("/audit-log.{kind}", audit_log.export),
    ]


def service_routes(health: Health, metrics: Metrics) -> list[BaseRoute]:
    """Files, and what those who run the dashboard ask it."""
    return [
        Mount("/static", HashedFiles(directory=FOLDER), name="static"),
        Route("/healthz", health.alive),
        Route("/readyz", health.ready),
        Route("/metrics", metrics.show),
    ]


def form_route(path: str, endpoint: Endpoint) -> Route:
    """The only way a POST gets in: with a CSRF token."""
    return Route(path, csrf_protect(endpoint), methods=["POST"])


def middleware(settings: DashboardSettings, metrics: Metrics) -> list[Middleware]:
    """Outermost first."""
    key = settings.cookie_key()
    return [
        Middleware(RequestIds),
        Middleware(CountRequests, metrics=metrics),
        Middleware(SecurityHeaders),
        Middleware(KnowVisitor),
        Middleware(RequestBodyLimitMiddleware, max_body_size=LARGEST_BODY),
        Middleware(
            SessionMiddleware,
            secret_key=key,
            session_cookie=SESSION_COOKIE,
            max_age=MAX_AGE_SECONDS,
            same_site="lax",
            https_only=settings.secure_cookies,
        ),
        Middleware(CSRFProtectMiddleware, csrf_secret=key, csrf_time_limit=MAX_AGE_SECONDS),
    ]


async def home(request: Request) -> Response:
    del request
    return RedirectResponse("/links")
