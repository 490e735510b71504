"""Origin's API as a small app for tests: real Postgres, no ClickHouse, every answer held to the OpenAPI document."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match, Mount

from origin import health
from origin.accounts import views as accounts
from origin.accounts.access_tokens import AccessTokens
from origin.accounts.authenticator import Authenticator
from origin.accounts.parts import account_parts
from origin.accounts.passwords import Passwords
from origin.app import assemble
from origin.audit import views as audit
from origin.clicks.retention import Retention
from origin.conversions import views as conversions
from origin.conversions.drain import ConversionDrain
from origin.conversions.facts import NoClicks
from origin.conversions.service import Conversions
from origin.customers import views as customers
from origin.domains import views as domains
from origin.domains.dns import DomainDns
from origin.domains.ownership import Ownership
from origin.folders import views as folders
from origin.limits.gate import Gate
from origin.limits.limiter import Limiter
from origin.limits.rules import Rules, rules_of
from origin.links import claims, miss
from origin.links import views as links
from origin.links.codes import Codes
from origin.links.loops import Loops
from origin.links.options import Records
from origin.links.reader import Reader
from origin.links.service import Links
from origin.links.totals import ClickTotals, NoTotals
from origin.oidc.sign_in import sign_in
from origin.oidc.views import OidcViews
from origin.openapi import ApiRoute, ListOf, OneOf, Operation
from origin.outbound import Outbound
from origin.qr import views as qr
from origin.qr.logos import Logos
from origin.safety import report_page
from origin.safety import views as safety_views
from origin.safety.checks import Safety, no_checks
from origin.safety.reports import Reports
from origin.storage.clickhouse import ClickHouse
from origin.storage.replicas import Replicas
from origin.tags import views as tags
from origin.workspaces import views as workspaces

SECRET_KEY = "a secret key for tests"
EDGE_SECRET = "an edge secret for tests"
EDGE_URL = "http://localhost:8787"
EDGE_HOST = "edge.example.net"
# Nothing listens on the discard port.
NO_DNS = "127.0.0.1:9"
DASHBOARD_URL = "http://localhost:8001"
API_URL = "http://api.test"


# Seconds: on a busy machine no request of a test may pass unlimited.
PATIENCE = 60.0
# Limits that no test reaches by chance.
WIDE = rules_of(("free=1000000",), 1_000_000, 1_000_000)


def make_app(
    engine: AsyncEngine,
    *,
    totals: ClickTotals | None = None,
    allow_private: bool = False,
    seconds: int = 900,
    dns_servers: Sequence[str] = (NO_DNS,),
    safety: Safety | None = None,
    replicas: Replicas | None = None,
    hostnames: bool = False,
    rules: Rules = WIDE,
    clock: Callable[[], float] = time.time,
    dashboard_url: str = DASHBOARD_URL,
    oidc_providers: str = "",
    oidc_transport: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """Everything but clicks and analytics. `seconds` is how long access tokens are good for."""
    tokens = AccessTokens(SECRET_KEY, seconds=seconds)
    known = totals or NoTotals()
    loops = Loops(EDGE_URL, "localhost")
    service = Links(
        Codes(SECRET_KEY), loops, "localhost", allow_private, Records(EDGE_SECRET), known, safety or no_checks()
    )
    reader = Reader(known, "localhost", EDGE_URL, API_URL)
    parts = account_parts(engine, SECRET_KEY, tokens, Passwords(), dashboard_url, clock)
    nothing = ClickHouse(Path("nowhere"))  # never opened
    drain = ConversionDrain(engine, nothing, NoClicks(), Retention(engine, nothing, {}))
    reports = Reports(EDGE_URL, "localhost", SECRET_KEY)
    api = [
        *accounts.routes(parts),
        *conversions.routes(Conversions(NoClicks()), drain, reader),
        *customers.routes(reader),
        *OidcViews(parts, sign_in(oidc_providers, SECRET_KEY, dashboard_url, oidc_transport, clock)).routes(),
        *workspaces.routes(parts),
        *links.routes(service, reader),
        *safety_views.routes(reports, service.records, reader),
        *tags.routes(),
        *folders.routes(),
        *domains.routes(Ownership(DomainDns(SECRET_KEY, EDGE_HOST, dns_servers), allow_private, hostnames)),
        *qr.routes(Logos(Outbound(allow_private=allow_private))),
        *audit.routes(),
    ]
    others = [
        *report_page.routes(reports, SECRET_KEY),
        *miss.routes(EDGE_SECRET),
        *claims.routes(EDGE_SECRET),
        *health.routes([health.postgres_check(engine)]),
    ]
    gate = Gate(Limiter(engine, patience=PATIENCE), rules)
    return assemble(api, others, engine, Authenticator(engine, tokens), replicas=replicas, gate=gate)


def make_client(app: Starlette, token: str = "", *, base_url: str = API_URL) -> httpx.AsyncClient:
    """A client of the app, each of whose answers is checked against the operation that it came from."""

    async def check(response: httpx.Response) -> None:
        await response.aread()
        check_answer(app, response)

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers, event_hooks={"response": [check]})


def check_answer(app: Starlette, response: httpx.Response) -> None:
    """Fail where an answer's status or body is not what its operation says."""
    operation = find_operation(app.routes, response.request.method, response.request.url.path)
    if operation is None:
        return
    if response.status_code != operation.status:
        assert response.status_code in operation.possible_errors(), f"undocumented: {response.status_code}"
        assert response.headers["content-type"] == "application/json"
        error = response.json()["error"]
        assert set(error) == {"code", "message", "doc_url"}
    elif isinstance(operation.response, ListOf):
        assert isinstance(response.json(), list)
    elif isinstance(operation.response, OneOf):
        names = {field.encode_name for kind in operation.response.kinds for field in msgspec.structs.fields(kind)}
        assert set(response.json()) <= names
    elif operation.response is not None:
        msgspec.json.decode(response.content, type=operation.response)


def find_operation(routes: Sequence[BaseRoute], method: str, path: str) -> Operation | None:
    """The operation that a call goes to."""
    scope = {"type": "http", "method": method, "path": path, "headers": []}
    for route in routes:
        if isinstance(route, Mount) and path.startswith(f"{route.path}/"):
            return find_operation(route.routes, method, path.removeprefix(route.path))
        if isinstance(route, ApiRoute) and route.matches(scope)[0] is Match.FULL:
            return route.operation
    return None
