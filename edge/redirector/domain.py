"""A domain's own record, under the key `{domain}/`: its root, its files, what it does with unknown codes."""

import json
from typing import Any

from redirector import respond
from redirector.known import KnownLink
from redirector.look import ICON
from redirector.ports import Response, Runtime, Unsendable

_APPLE = "apple_app_site_association"
_FILES = {
    "apple-app-site-association": _APPLE,
    ".well-known/apple-app-site-association": _APPLE,
    ".well-known/assetlinks.json": "assetlinks",
}
# Everything that a domain answers beside its links.
PATHS = frozenset({"", "robots.txt", "favicon.ico", *_FILES})
_ROBOTS = "User-agent: *\nDisallow: /_nearhop/\n"
# Browsers ask for it at every page. No day, since the domain may get one of its own.
_ICON_HEADERS = {"Content-Type": "image/svg+xml", "Cache-Control": "public, max-age=3600"}
_DAY = {"Cache-Control": "public, max-age=86400"}


class Domain:
    """The record of one domain, or of one that has none."""

    def __init__(self, runtime: Runtime, link: KnownLink | None) -> None:
        self._runtime = runtime
        self._url = link.record.url if link else ""
        self._options: dict[str, Any] = link.record.options if link else {}

    @property
    def ignores_case(self) -> bool:
        return self._options.get("ignore_case") is True

    @property
    def expired_url(self) -> str:
        return self._text("expired_url")

    def answer(self, path: str) -> Response:
        """The reply to one of PATHS."""
        if path == "robots.txt":
            return respond.plain(self._runtime, 200, self._text("robots") or _ROBOTS)
        if path in _FILES:
            value = self._options.get(_FILES[path])
            if not isinstance(value, dict | list):
                return respond.not_found(self._runtime)
            headers = {"Content-Type": "application/json", "Cache-Control": "public, max-age=300"}
            return self._runtime.reply(200, headers, json.dumps(value))
        if path == "":
            return self._redirect(self._url, {}) or respond.not_found(self._runtime)
        return self._redirect(self._text("favicon"), _DAY) or self._runtime.reply(200, _ICON_HEADERS, ICON)

    def not_found(self, reference: str) -> Response:
        """What a visitor of an unknown code gets; `reference` is the request's id."""
        return self._redirect(self._text("not_found_url"), {}) or respond.not_found(self._runtime, reference)

    def _redirect(self, url: str, headers: dict[str, str]) -> Response | None:
        try:
            return self._runtime.redirect(302, url, headers) if url else None
        except Unsendable:
            return None

    def _text(self, name: str) -> str:
        value = self._options.get(name)
        return value if isinstance(value, str) else ""
