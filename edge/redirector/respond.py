"""The replies that are no redirect: pages with their headers, and JSON for machines.

`reference` is the id of the request: a page that some visitors will complain of shows it and has it as its header.
"""

import json
from collections.abc import Sequence

from redirector import look, pages
from redirector.ports import Response, Runtime
from shared.request_id import HEADER as REQUEST_ID

_STYLE_SOURCE = look.source_hash(look.STYLE)
_PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}
_GONE = {
    "disabled": (410, "This link was switched off", "Its owner has disabled it."),
    "blocked": (
        410,
        "This link was taken down",
        "It was reported, or found on a list of harmful addresses. Don't look for another way to where it led.",
    ),
    "broken": (
        500,
        "This link is broken",
        "Its destination can't be sent as it is stored. Its owner has to change it.",
    ),
    "loop": (508, "This link leads to itself", "Its owner has to give it another destination."),
    "expired": (410, "This link has expired", "It was made for a limited time or number of visits, which is over."),
    "early": (404, "This link is not open yet", "Please come back later."),
    "used": (410, "This link was used", "It could be opened once, and somebody has opened it."),
}


def not_found(runtime: Runtime, reference: str = "") -> Response:
    text = "Check the address for a typing mistake, or ask whoever sent it to you."
    return page(
        runtime, 404, pages.message("This link does not exist", text, reference=reference), headers=_id(reference)
    )


def unavailable(runtime: Runtime, retry_after: int, reference: str) -> Response:
    text = "Nothing is wrong on your side. Please try again in a few seconds."
    html = pages.message("This link can't be looked up right now", text, "waits", again=True, reference=reference)
    return page(runtime, 503, html, headers={"Retry-After": str(retry_after), **_id(reference)})


def too_many(runtime: Runtime, retry_after: int, text: str, reference: str) -> Response:
    html = pages.message("Too many tries", text, "waits", again=True, reference=reference)
    return page(runtime, 429, html, headers={"Retry-After": str(retry_after), **_id(reference)})


def gone(runtime: Runtime, reason: str, reference: str) -> Response:
    """The page of a link that is known and leads nowhere: one of resolve.Gone's reasons, or `broken`."""
    status, title, text = _GONE[reason]
    html = pages.message(title, text, "waits" if reason == "early" else "misses", reference=reference)
    return page(runtime, status, html, headers=_id(reference))


def _id(reference: str) -> dict[str, str]:
    return {REQUEST_ID: reference} if reference else {}


def method_not_allowed(runtime: Runtime, allowed: str = "GET, HEAD") -> Response:
    return plain(runtime, 405, f"Use {allowed} here.\n", {"Allow": allowed})


def plain(runtime: Runtime, status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    base = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return runtime.reply(status, base | (headers or {}), text)


def as_json(runtime: Runtime, status: int, value: object) -> Response:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return runtime.reply(status, headers, json.dumps(value))


def page(
    runtime: Runtime,
    status: int,
    html: str,
    *,
    allow: str = "",
    style: str = _STYLE_SOURCE,
    form: bool = False,
    headers: dict[str, str] | None = None,
    cookies: Sequence[str] = (),
) -> Response:
    """A page that may load nothing but what `allow` names, in the words of a Content-Security-Policy."""
    policy = f"default-src 'none'; style-src {style}; base-uri 'none'; frame-ancestors 'none'"
    # Browsers hold the redirects after a form to this too, and those lead to the link's destination, wherever that is.
    policy += "" if form else "; form-action 'none'"
    policy += f"; {allow}" if allow else ""
    return runtime.reply(status, {**_PAGE_HEADERS, "Content-Security-Policy": policy, **(headers or {})}, html, cookies)
