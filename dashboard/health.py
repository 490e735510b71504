"""Whether the dashboard is alive and ready, and what it has done."""

import time

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.origin_client import OriginClient


class Metrics:
    """Counts and times every request by its route, so that ids in paths make no series of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("dashboard_requests", "Answered requests.", labels, registry=self._registry)
        self._seconds = Histogram(
            "dashboard_request_seconds", "Time to the whole answer.", ("route",), registry=self._registry
        )

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "") or "none"
        self._requests.labels(scope["method"], route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    async def show(self, request: Request) -> Response:
        del request
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


class CountRequests:
    """Middleware that reports each request to Metrics."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            self._metrics.count(scope, status, time.perf_counter() - started)


class Health:
    def __init__(self, client: OriginClient) -> None:
        self._client = client

    async def alive(self, request: Request) -> Response:
        del request
        return JSONResponse({"status": "ok", "parts": {}})

    async def ready(self, request: Request) -> Response:
        """503 while origin does not answer: there is nothing to show then."""
        del request
        ok = await self._client.alive()
        part = {
            "ok": ok,
            "detail": "answers" if ok else "does not answer: is it started, and is NEARHOP_ORIGIN_URL right?",
        }
        return JSONResponse({"status": "ok" if ok else "not ready", "parts": {"origin": part}}, 200 if ok else 503)
