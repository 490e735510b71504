"""The ASGI app: routes, middleware, what starts and stops with it."""

import contextlib
from collections.abc import AsyncIterator, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Lifespan

from origin import health, housekeeping, reference
from origin.accounts import views as accounts
from origin.accounts.access import Access
from origin.analytics import views as analytics
from origin.audit import views as audit
from origin.bootstrap import Origin
from origin.clicks import refused_views as refused
from origin.clicks import views as clicks
from origin.conversions import views as conversions
from origin.cors import Cors, KnownOrigins
from origin.customers import views as customers
from origin.domains import views as domains
from origin.folders import views as folders
from origin.limits.gate import Gate, RateLimited
from origin.links import claims, miss
from origin.links import views as links
from origin.mail import views as mailbox
from origin.mail.mailbox import Mailbox
from origin.middleware import BodyLimit, RequestTrace
from origin.oidc.views import OidcViews
from origin.openapi import PREFIX
from origin.problems import ApiProblem, on_api_problem, on_database_trouble, on_http_exception
from origin.qr import views as qr
from origin.safety import report_page
from origin.safety import views as safety
from origin.storage.replicas import Replicas
from origin.tags import views as tags
from origin.workspaces import views as workspaces


def create_app(origin: Origin) -> Starlette:
    """The whole of origin as one app."""
    api = [
        *accounts.routes(origin.accounts),
        *OidcViews(origin.accounts, origin.sign_in).routes(),
        *workspaces.routes(origin.accounts),
        *links.routes(origin.links, origin.reader),
        *safety.routes(origin.reports, origin.links.records, origin.reader),
        *tags.routes(),
        *folders.routes(),
        *domains.routes(origin.domains),
        *conversions.routes(origin.conversions, origin.conversion_drain, origin.reader),
        *customers.routes(origin.reader),
        *refused.routes(origin.clicks),
        *analytics.routes(origin.analytics, origin.conversion_analytics, origin.reader, origin.live),
        *qr.routes(origin.logos),
        *audit.routes(),
    ]
    secret = origin.settings.edge_signing_secret
    internal = [*miss.routes(secret), *claims.routes(secret), *clicks.routes(origin.clicks, secret)]
    internal.extend(report_page.routes(origin.reports, origin.settings.signing_key))
    if origin.settings.shows_mailbox:
        internal.extend(mailbox.routes(Mailbox(origin.settings.mailbox_folder)))
    checks = [health.postgres_check(origin.engine), origin.clicks.ready]
    return assemble(
        api,
        [*internal, *health.routes(checks)],
        origin.engine,
        origin.access,
        replicas=origin.replicas,
        gate=origin.gate,
        body_limit=origin.settings.body_limit,
        log_requests=origin.settings.api_requests_log,
        lifespan=_lifespan(origin),
    )


def assemble(
    api: Sequence[BaseRoute],
    others: Sequence[BaseRoute],
    engine: AsyncEngine,
    access: Access,
    *,
    replicas: Replicas | None = None,
    gate: Gate | None = None,
    body_limit: int = 1_000_000,
    log_requests: bool = False,
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """An app of these routes with everything that wraps them: tests make small ones with it."""
    limits = [Middleware(RateLimited, gate=gate)] if gate else []
    cors = Middleware(Cors, known=KnownOrigins(engine), gate=gate)
    app = Starlette(
        routes=[
            Mount(PREFIX, routes=[*api, *reference.routes(api)], middleware=[cors, *limits]),
            Route("/", reference.to_docs),
            *others,
        ],
        middleware=[Middleware(RequestTrace, log=log_requests), Middleware(BodyLimit, most=body_limit)],
        exception_handlers={
            ApiProblem: on_api_problem,
            HTTPException: on_http_exception,
            sa.exc.OperationalError: on_database_trouble,
            sa.exc.TimeoutError: on_database_trouble,
        },
        lifespan=lifespan,
    )
    app.state.engine = engine
    app.state.access = access
    app.state.replicas = replicas
    app.state.limiter = gate and gate.limiter
    return app


def _lifespan(origin: Origin) -> Lifespan[Starlette]:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        await origin.clicks.start()
        origin.conversion_drain.start()
        try:
            async with housekeeping.hourly(origin.engine, origin.domains, origin.audit_days, origin.recheck):
                yield
        finally:
            await origin.conversion_drain.stop()
            await origin.clicks.stop()
            if origin.replicas is not None:
                await origin.replicas.dispose()
            await origin.gate.limiter.close()
            await origin.accounts.apart.dispose()
            await origin.engine.dispose()

    return lifespan
