"""What a visitor of a known link gets: a page, a redirect, and a place for the visit in the buffer."""

import hashlib
from collections.abc import Coroutine
from typing import Any
from urllib.parse import quote

from redirector import pages, qr, respond
from redirector.address import Address
from redirector.asked import Answer, Asked
from redirector.beacon import Beacon
from redirector.clicks import kind_of
from redirector.conditions import SEEN_COOKIE
from redirector.domains import Domains
from redirector.gate import COOKIE, PASS_SECONDS, Gate
from redirector.known import KnownLink, redirect_headers
from redirector.loops import leads_to_itself
from redirector.origin import Origin
from redirector.plan import VARIANT_COOKIE
from redirector.ports import Response, Runtime, Unreachable, Unsendable
from redirector.resolve import Gone, Redirect, closed, lead
from redirector.settings import EdgeSettings, report_page
from redirector.visitor import Visitor, own_cookie
from shared.request_id import HEADER as REQUEST_ID

_YEAR_SECONDS = 31_536_000


class Answers:
    """One known link, one request."""

    def __init__(
        self, runtime: Runtime, settings: EdgeSettings, origin: Origin, beacon: Beacon, domains: Domains
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self._origin = origin
        self._beacon = beacon
        self._domains = domains
        self._gate = Gate(runtime, settings.edge_secret)
        self._report_page = report_page(settings)
        self._salt = hashlib.sha256(f"visitors {settings.edge_secret}".encode()).hexdigest()

    def reply(self, asked: Asked, address: Address, link: KnownLink) -> Answer:
        """The reply; links that are closed, guarded or opened once may have to ask somebody first."""
        behaviour = link.behaviour
        if asked.method == "POST" and not behaviour.password:
            return respond.method_not_allowed(self._runtime)
        answer = closed(behaviour, asked.now, "")
        if isinstance(answer, Gone) and answer.reason == "expired":
            return self._expired(asked, address, link)
        if answer is not None:
            return self._closed(asked, answer)
        if address.view:
            return self._about(asked, address, link)
        return self._guarded(asked, address, link) if behaviour.password else self._open(asked, address, link)

    def _guarded(self, asked: Asked, address: Address, link: KnownLink) -> Answer:
        if asked.method == "POST":
            return self._guess(asked, link)
        if self._gate.may_pass(link, self._visitor(asked, link).cookies.get(COOKIE, ""), asked.now):
            return self._open(asked, address, link)
        return self._ask_password("", 200)

    async def _expired(self, asked: Asked, address: Address, link: KnownLink) -> Response:
        domain = await self._domains.get(address.domain, asked.now)
        answer = closed(link.behaviour, asked.now, domain.expired_url)
        assert answer is not None  # it was closed a moment ago
        return self._closed(asked, answer)

    def _closed(self, asked: Asked, answer: Gone | Redirect) -> Response:
        if isinstance(answer, Gone):
            return respond.gone(self._runtime, answer.reason, asked.reference)
        try:
            return self._runtime.redirect(answer.status, answer.url, {})
        except Unsendable:
            return respond.gone(self._runtime, "broken", asked.reference)

    def _about(self, asked: Asked, address: Address, link: KnownLink) -> Answer:
        """`/{code}+`, `/{code}.qr` and `/{code}.qr.png`."""
        if address.view == "+":
            behaviour = link.behaviour
            hidden = bool(behaviour.password or behaviour.once)
            url, report_url = "" if hidden else link.record.url, self._report_url(asked, link)
            if url and behaviour.unsafe is not None:
                return respond.page(self._runtime, 200, pages.warning(url, behaviour.unsafe, report_url))
            html = pages.peek(_short(asked, address), url, f"/{_path(address)}.qr", report_url)
            return respond.page(self._runtime, 200, html, allow="img-src 'self'")
        url = f"{asked.url.partition('://')[0]}://{_short(asked, address)}"
        return qr.reply(self._runtime, url) if address.view == ".qr" else self._qr_png(asked, url)

    def _report_url(self, asked: Asked, link: KnownLink) -> str:
        """Where this link can be reported; empty for nowhere."""
        _, _, code = link.key.partition("/")
        short = quote(f"{asked.host}/{quote(code)}", safe="")
        return f"{self._report_page}{short}" if self._report_page else ""

    async def _qr_png(self, asked: Asked, short_url: str) -> Response:
        try:
            return await self._origin.qr_png(qr.marked(short_url), qr.PIXELS, asked.reference)
        except Unreachable:
            return self._unavailable(asked)

    def _unavailable(self, asked: Asked) -> Response:
        return respond.unavailable(self._runtime, max(1, int(self._settings.unavailable_seconds)), asked.reference)

    def _ask_password(self, problem: str, status: int) -> Response:
        return respond.page(self._runtime, status, pages.password(problem), form=True)

    async def _guess(self, asked: Asked, link: KnownLink) -> Response:
        form = (await self._runtime.body(asked.request)).decode(errors="replace")
        if not self._gate.may_guess(link, asked.address, asked.now):
            text = "Wait a minute before you try the password again."
            return respond.too_many(self._runtime, 60, text, asked.reference)
        if not await self._gate.is_right(link, form):
            return self._ask_password("That is not the password.", 403)
        cookie = _cookie(asked, link, COOKIE, self._gate.make_pass(link, asked.now), PASS_SECONDS)
        back = "/" + asked.url.partition("://")[2].partition("/")[2]
        return self._runtime.redirect(303, back, {}, (cookie,))

    def _open(self, asked: Asked, address: Address, link: KnownLink) -> Answer:
        behaviour = link.behaviour
        kind = kind_of(asked.seen)
        if behaviour.social and kind == "preview":
            html = pages.social(behaviour.social, _short(asked, address))
            page = respond.page(self._runtime, 200, html)
            return self._recorded(asked, link.click_fragment(link.record.url), page)
        if behaviour.once:
            if asked.method == "HEAD" or kind != "click":
                return respond.page(self._runtime, 200, pages.once(_short(asked, address)))
            return self._claim_and_lead(asked, address, link)
        return self._lead(asked, address, link)

    async def _claim_and_lead(self, asked: Asked, address: Address, link: KnownLink) -> Response:
        domain, _, code = link.key.partition("/")
        try:
            granted = await self._origin.claim(domain, code, self._beacon.new_id(), asked.reference)
        except Unreachable:
            return self._unavailable(asked)
        if not granted:
            return respond.gone(self._runtime, "used", asked.reference)
        answer = self._lead(asked, address, link)
        reply = await answer if isinstance(answer, Coroutine) else answer
        return self._runtime.with_header(reply, REQUEST_ID, asked.reference)

    def _lead(self, asked: Asked, address: Address, link: KnownLink) -> Answer:
        behaviour = link.behaviour
        visitor = self._visitor(asked, link)
        click_id = self._beacon.new_id() if behaviour.additions.track else ""
        salt = f"{self._salt}.{link.record.link_id}"
        answer = lead(behaviour, link.record.url, visitor, salt, address.rest, click_id)
        if leads_to_itself(link.key, answer.url, behaviour):
            return respond.gone(self._runtime, "loop", asked.reference)
        try:
            response = self._page_or_redirect(asked, link, answer)
        except Unsendable:
            return respond.gone(self._runtime, "broken", asked.reference)
        return self._recorded(asked, _fragment(link, answer, address.rest, click_id), response)

    def _page_or_redirect(self, asked: Asked, link: KnownLink, answer: Redirect) -> Response:
        behaviour, url = link.behaviour, answer.url
        cookies = self._cookies(asked, link, answer)
        if behaviour.unsafe is not None:
            html = pages.warning(url, behaviour.unsafe, self._report_url(asked, link))
            return respond.page(self._runtime, 200, html, cookies=cookies)
        if answer.target.app and pages.is_app(answer.target.app) and pages.is_web(url):
            html, script = pages.app(answer.target.app, url)
            return respond.page(self._runtime, 200, html, allow=f"script-src {script}", cookies=cookies)
        if behaviour.cloak and pages.is_web(url):
            html, style = pages.frame(url, behaviour.social.get("title", link.key))
            return respond.page(self._runtime, 200, html, allow="frame-src http: https:", style=style, cookies=cookies)
        return self._runtime.redirect(answer.status, url, redirect_headers(behaviour), cookies)

    def _cookies(self, asked: Asked, link: KnownLink, answer: Redirect) -> tuple[str, ...]:
        """Those that the link's owner asked for, and none for visitors who object to tracking."""
        plan = link.behaviour.plan
        if plan is None or asked.objects:
            return ()
        found = []
        if plan.asks_returning:
            found.append(_cookie(asked, link, own_cookie(SEEN_COOKIE, _code(link)), "1", _YEAR_SECONDS))
        if plan.variants is not None and plan.variants.cookie and answer.target.variant is not None:
            name = own_cookie(VARIANT_COOKIE, _code(link))
            found.append(_cookie(asked, link, name, str(answer.target.variant), _YEAR_SECONDS))
        return tuple(found)

    def _visitor(self, asked: Asked, link: KnownLink) -> Visitor:
        return Visitor(
            asked.seen,
            asked.url,
            asked.now,
            _code(link),
            lambda: self._runtime.header(asked.request, "cookie") or "",
            lambda zone: self._runtime.utc_offset(zone, asked.now),
        )

    def _recorded(self, asked: Asked, fragment: str, response: Response) -> Answer:
        return self._beacon.recorded(asked.visit(fragment), response, asked.context)


def _fragment(link: KnownLink, answer: Redirect, rest: str, click_id: str) -> str:
    target = answer.target
    more: dict[str, Any] = {"rule": target.rule, "variant": target.variant}
    more |= {"path": rest or None, "trigger": "deeplink" if target.app else None}
    return link.click_fragment(target.url, {n: v for n, v in more.items() if v is not None}, click_id)


def _code(link: KnownLink) -> str:
    return link.key.partition("/")[2]


def _path(address: Address) -> str:
    return quote(address.code)


def _short(asked: Asked, address: Address) -> str:
    """The link as people write it, without scheme."""
    return f"{asked.host}/{_path(address)}"


def _cookie(asked: Asked, link: KnownLink, name: str, value: str, seconds: int) -> str:
    secure = "; Secure" if asked.url.startswith("https:") else ""
    return f"{name}={value}; Path=/{quote(_code(link))}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
