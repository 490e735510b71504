"""The replies that are no redirect: small pages that stand alone, and JSON for machines."""

import json
from html import escape

from redirector.ports import Response, Runtime

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;"
    "background:#fff;color:#16181d}main{max-width:34rem;padding:2rem}h1{font-size:1.5rem;margin:0 0 .5rem}"
    "p{margin:0;color:#565c66}@media(prefers-color-scheme:dark){body{background:#16181d;color:#f2f3f5}p{color:#a8aeb8}}"
)
_PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}
_NOT_FOUND = (404, "This link does not exist", "Check the address for a typing mistake, or ask whoever sent it to you.")
_UNAVAILABLE = (
    503,
    "This link can't be looked up right now",
    "Nothing is wrong on your side. Please try again in a few seconds.",
)
_GONE = {
    "disabled": (410, "This link was switched off", "Its owner has disabled it."),
    "broken": (
        500,
        "This link is broken",
        "Its destination can't be sent as it is stored. Its owner has to change it.",
    ),
    "expired": (410, "This link has expired", "It was made for a limited time, which is over."),
}


def not_found(runtime: Runtime) -> Response:
    return _page(runtime, *_NOT_FOUND)


def unavailable(runtime: Runtime, retry_after: int) -> Response:
    return _page(runtime, *_UNAVAILABLE, {"Retry-After": str(retry_after)})


def gone(runtime: Runtime, reason: str) -> Response:
    """The page of a link that is known and leads nowhere: one of resolve.Gone's reasons, or `broken`."""
    return _page(runtime, *_GONE[reason])


def method_not_allowed(runtime: Runtime, allowed: str = "GET, HEAD") -> Response:
    return plain(runtime, 405, f"Use {allowed} here.\n", {"Allow": allowed})


def plain(runtime: Runtime, status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    base = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return runtime.reply(status, base | (headers or {}), text)


def as_json(runtime: Runtime, status: int, value: object) -> Response:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return runtime.reply(status, headers, json.dumps(value))


def _page(runtime: Runtime, status: int, title: str, text: str, headers: dict[str, str] | None = None) -> Response:
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<main><h1>{escape(title)}</h1><p>{escape(text)}</p></main></html>\n"
    )
    return runtime.reply(status, _PAGE_HEADERS | (headers or {}), html)
