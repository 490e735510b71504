"""The events of the origin in memory: listed by cursor, exported, and as a feed that ends when it has told what there is."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.origin_fake_accounts import Problem

# As origin writes it: other scripts stand there as they are.
_encode = json.JSONEncoder(ensure_ascii=False).encode
_NAMES = {
    "linkId": "link_id",
    "refererUrl": "referer_url",
    "deviceBrand": "device_brand",
    "browserVersion": "browser_version",
}
_MORE = (
    "network", "deviceBrand", "engine", "query", "browserVersion",
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
)  # fmt: skip
_OVERLAP_MS = 3000
GONE = dict.fromkeys(("id", "domain", "key", "shortLink", "url", "title"), "")


@dataclass
class Click:
    """A request, with what came of it: `leads`, and a sale of `amount` where that is not 0."""

    link_id: str
    at: datetime
    country: str = "DE"
    referer: str = "(direct)"
    browser: str = "Chrome"
    device: str = "Desktop"
    os: str = "Windows"
    city: str = "Berlin"
    channel: str = "direct"
    region: str = "BE"
    continent: str = "EU"
    language: str = "de"
    referer_url: str = ""
    trigger: str = "link"
    device_brand: str = "Unknown"
    network: str = "Example Net"
    engine: str = "Blink"
    url: str = "https://example.com/"
    domain: str = "localhost"
    path: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    variant: int = -1
    verdict: str = "click"
    bot_name: str = ""
    bot_reason: str = ""
    rule: int = -1
    query: str = ""
    browser_version: str = ""
    leads: int = 0
    amount: int = 0
    currency: str = "usd"


def attribute(click: Click, name: str) -> str:
    """A field by the name that the API has for it."""
    return str(getattr(click, _NAMES.get(name, name)))


@dataclass
class FakeEvents:
    """`fitting` are the requests of a question's range and filters, in the order in which they came."""

    allow: Callable[[Request], None]
    links: dict[str, dict[str, Any]]
    fitting: Callable[[Mapping[str, str]], list[Click]]
    busy: bool = False  # as many exports as may be are under way

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/api/v1/events", self._index),
            Route("/api/v1/events/export", self._export),
            Route("/api/v1/events/live", self._live),
        ]

    async def _index(self, request: Request) -> Response:
        self.allow(request)
        query, cursor = request.query_params, request.query_params.get("cursor", "0")
        if not cursor.isdecimal():
            raise Problem(422, "cursor: it is none; take that of the header Nearhop-Next-Cursor.")
        found, limit, first = self._found(query)[::-1], int(query["limit"]), int(cursor)
        page = found[first : first + limit]
        headers = {"Nearhop-Next-Cursor": str(first + limit)} if len(page) == limit else {}
        return JSONResponse(page, headers=headers)

    async def _export(self, request: Request) -> Response:
        self.allow(request)
        if self.busy:
            raise Problem(503, "As many exports as origin makes at once are under way: try again when one has ended.")
        rows = [
            {"click_id": each["click_id"], "country": each["click"]["country"]}
            for each in self._found(request.query_params)
        ]
        if request.query_params["format"] == "ndjson":
            return Response("".join(f"{json.dumps(row)}\n" for row in rows), media_type="application/x-ndjson")
        text = io.StringIO()
        writer = csv.DictWriter(text, ["click_id", "country"])
        writer.writeheader()
        writer.writerows(rows)
        return Response(text.getvalue(), media_type="text/csv")

    async def _live(self, request: Request) -> Response:
        """Those since the last one that the client has, or since a time; as with origin, perhaps some that it has already."""
        self.allow(request)
        since, _, _ = request.headers.get("last-event-id", "").partition("-")
        if not (since.isdecimal() or not since):
            raise Problem(422, "Last-Event-ID: it is none that this feed gave.")
        text = "retry: 200\n\n"
        for number, click in enumerate(self.fitting({"interval": "all", "timezone": "UTC"}), 1):
            ms = round(click.at.timestamp() * 1000)
            if not since or ms < int(since) - _OVERLAP_MS:
                continue
            text += f"id: {ms}-click-{number}\nevent: click\ndata: {_encode(self._event(click, number))}\n\n"
        return Response(text, media_type="text/event-stream")

    def _found(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        numbered = list(enumerate(self.fitting(query), 1))
        kind = query.get("event", "clicks")
        if kind == "leads":
            return [
                {**self._event(click, number), "event": "lead", **_lead()} for number, click in numbered if click.leads
            ]
        if kind == "sales":
            return [
                {**self._event(click, number), "event": "sale", **_sale(click)}
                for number, click in numbered
                if click.amount
            ]
        wanted = query.get("verdict", "click")
        return [self._event(click, number) for number, click in numbered if wanted in ("all", click.verdict)]

    def _event(self, click: Click, number: int) -> dict[str, Any]:
        names = (
            "country",
            "region",
            "city",
            "continent",
            "device",
            "browser",
            "os",
            "referer",
            "refererUrl",
            "trigger",
        )
        request: dict[str, Any] = {
            name: attribute(click, name) for name in (*names, "channel", "language", "url", "verdict", *_MORE)
        }
        request |= {
            "variant": click.variant,
            "botName": click.bot_name,
            "botReason": click.bot_reason,
            "ip": "",
            "rule": click.rule,
            "ua": "Mozilla/5.0",
        }
        request |= {"timestamp": click.at.isoformat(), "deviceModel": "", "osVersion": ""}
        return {
            "event": "click", "timestamp": click.at.isoformat(), "click": request, "domain": click.domain,
            "link": self.links.get(click.link_id, GONE), "click_id": f"click-{number}",
        }  # fmt: skip


def _lead() -> dict[str, Any]:
    return {"eventName": "Sign up", "customer": {"id": "cus_1", "externalId": "ada", "name": "Ada"}}


def _sale(click: Click) -> dict[str, Any]:
    return {
        **_lead(), "eventName": "Purchase", "sale": {"amount": click.amount, "currency": click.currency},
        "saleType": "new", "invoice_id": "inv_7", "payment_processor": "stripe",
    }  # fmt: skip
