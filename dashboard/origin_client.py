"""The dashboard's one way to origin: its public REST API."""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import httpx

from dashboard.analytics_calls import AnalyticsCalls
from dashboard.errors import NeedsLogin, OriginDown, Refused
from dashboard.origin_answers import decode, refusal, tokens
from dashboard.origin_security import SecurityCalls
from dashboard.origin_types import (
    ApiKey,
    FirstStep,
    Link,
    MailSent,
    NewApiKey,
    Provider,
    SecondStep,
    Tag,
    Tokens,
    User,
    WayOut,
)
from dashboard.request_ids import request_id_header
from dashboard.team_calls import TeamCalls
from dashboard.visitor import forwarded
from shared.keep_alive import CLIENT_KEEP_ALIVE_SECONDS

API = "/api/v1"
MAILBOX = "/local/mailbox"
# A page that waits longer than this is worse than one that says that origin is away.
TIMEOUT = httpx.Timeout(8.0, connect=2.0)
# Longer than a feed is silent.
_STREAM_TIMEOUT = httpx.Timeout(30.0, connect=2.0)
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=CLIENT_KEEP_ALIVE_SECONDS)


class OriginClient:
    """Calls origin for one user at a time: each call but log-in takes that user's access token.

    Every call raises OriginDown, NeedsLogin, NotThere or Refused where it can't do what it says.
    """

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        # The client is shared by all users, so it must keep no cookie: each call carries its own.
        no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=TIMEOUT, limits=_LIMITS, cookies=no_cookies, transport=transport
        )
        # What may go on for long (files, feeds) keeps no connection from the pages.
        self._streams = httpx.AsyncClient(
            base_url=base_url, timeout=_STREAM_TIMEOUT, limits=_LIMITS, cookies=no_cookies, transport=transport
        )
        self.security = SecurityCalls(self._send)
        self.team = TeamCalls(self._send)
        self.analytics = AnalyticsCalls(self._send)

    async def close(self) -> None:
        await self._http.aclose()
        await self._streams.aclose()

    async def log_in(self, email: str, password: str) -> Tokens | SecondStep:
        """What the log-in gives; raises Refused for a wrong e-mail or password."""
        answer = await self._ask("/auth/login", {"email": email, "password": password})
        return decode(answer, FirstStep).second_factor or tokens(answer)

    async def second_step(self, token: str, code: str) -> Tokens:
        """Raises Refused for a wrong code (401), and for a token that is none any more (at the field `token`)."""
        return tokens(await self._ask("/auth/second-factor", {"token": token, "code": code}))

    async def passkey_login_options(self, step: str) -> dict[str, Any]:
        """What the browser's script takes to use a passkey; `step` is the token of a first step, or ""."""
        return decode(await self._ask("/auth/passkey/options", {"token": step}), dict[str, Any])

    async def log_in_by_passkey(self, credential: dict[str, Any], step: str) -> Tokens:
        return tokens(await self._ask("/auth/passkey", {"credential": credential, "token": step}))

    async def providers(self) -> list[Provider]:
        """Those of OpenID Connect that one can log in with."""
        return decode(await self._send("GET", "/auth/oidc"), list[Provider])

    async def begin_oidc(self, provider: str) -> WayOut:
        return decode(await self._ask(f"/auth/oidc/{quote(provider, safe='')}/start", {}), WayOut)

    async def finish_oidc(self, provider: str, back: dict[str, str]) -> Tokens | SecondStep:
        """Log in with what the browser brought back: `state`, `code` and, where it came, `iss`."""
        answer = await self._ask(f"/auth/oidc/{quote(provider, safe='')}/finish", back)
        return decode(answer, FirstStep).second_factor or tokens(answer)

    async def register(self, fields: dict[str, str]) -> str:
        """Have a letter sent to `email`; what origin says of it."""
        return decode(await self._ask("/auth/register", fields), MailSent).message

    async def forgot_password(self, email: str) -> str:
        """Have a letter sent, if there is such an account; what origin says of it."""
        return decode(await self._ask("/auth/forgot-password", {"email": email}), MailSent).message

    async def verify(self, token: str) -> Tokens:
        """Open the account that a letter is about, and log in."""
        return tokens(await self._ask("/auth/verify", {"token": token}))

    async def accept_and_register(self, letter: str, password: str, name: str) -> Tokens:
        """Open the account that an invitation is for, accept it, and log in."""
        fields = {"token": letter, "password": password, "name": name}
        return tokens(await self._ask("/invitations/register", fields))

    async def export_audit_logs(self, token: str, params: dict[str, str]) -> httpx.Response:
        """The file, whose bytes are yet to be read, and which the caller closes."""
        return await self._send("GET", "/audit-logs/export", token=token, params=params, stream=True)

    async def confirm_email(self, token: str) -> User:
        """Take the address that a letter went to; the user as they are then."""
        return decode(await self._ask("/auth/confirm-email", {"token": token}), User)

    async def reset_password(self, token: str, password: str) -> None:
        await self._ask("/auth/reset-password", {"token": token, "password": password})

    async def refresh(self, cookies: dict[str, str]) -> Tokens:
        """New tokens for the refresh cookie; the old one is spent afterwards."""
        return tokens(await self._send("POST", "/auth/refresh", headers=_cookie_header(cookies)))

    async def log_out(self, token: str, cookies: dict[str, str]) -> None:
        await self._send("POST", "/auth/logout", token=token, headers=_cookie_header(cookies))

    async def links(self, token: str, params: dict[str, str]) -> list[Link]:
        return decode(await self._send("GET", "/links", token=token, params=params), list[Link])

    async def count_links(self, token: str, params: dict[str, str]) -> int:
        return decode(await self._send("GET", "/links/count", token=token, params=params), int)

    async def link(self, token: str, link_id: str) -> Link:
        return (await self.link_to_edit(token, link_id))[0]

    async def link_to_edit(self, token: str, link_id: str) -> tuple[Link, str]:
        """A link and its ETag."""
        answer = await self._send("GET", "/links/info", token=token, params={"linkId": link_id})
        return decode(answer, Link), answer.headers.get("ETag", "")

    async def create_link(self, token: str, fields: dict[str, Any]) -> Link:
        return decode(await self._send("POST", "/links", token=token, json=fields), Link)

    async def update_link(self, token: str, link_id: str, fields: dict[str, Any], etag: str) -> None:
        headers = {"If-Match": etag} if etag else {}
        await self._send("PATCH", f"/links/{quote(link_id, safe='')}", token=token, json=fields, headers=headers)

    async def tags(self, token: str) -> list[Tag]:
        """The first hundred by name."""
        return decode(await self._send("GET", "/tags", token=token), list[Tag])

    async def create_tag(self, token: str, name: str) -> None:
        await self._send("POST", "/tags", token=token, json={"name": name})

    async def delete_link(self, token: str, link_id: str) -> None:
        await self._send("DELETE", f"/links/{quote(link_id, safe='')}", token=token)

    async def qr(self, token: str, params: dict[str, str], accept: str) -> httpx.Response:
        """The image of a QR code, as origin drew it."""
        return await self._send("GET", "/qr", token=token, params=params, headers={"Accept": accept})

    async def api_keys(self, token: str) -> list[ApiKey]:
        return decode(await self._send("GET", "/api-keys", token=token), list[ApiKey])

    async def create_api_key(self, token: str, name: str) -> NewApiKey:
        return decode(await self._send("POST", "/api-keys", token=token, json={"name": name}), NewApiKey)

    async def delete_api_key(self, token: str, key_id: str) -> None:
        await self._send("DELETE", f"/api-keys/{quote(key_id, safe='')}", token=token)

    async def alive(self) -> bool:
        """Whether origin answers at all."""
        try:
            return (await self._http.get("/healthz")).is_success
        except httpx.HTTPError:
            return False

    async def local_mailbox(self) -> str:
        """The address of the page of letters that origin keeps instead of sending them; "" where this visitor sees none."""
        try:
            answer = await self._http.head(MAILBOX, headers=forwarded())
        except httpx.HTTPError:
            return ""
        return str(answer.url) if answer.is_success else ""

    async def _ask(self, path: str, fields: dict[str, Any]) -> httpx.Response:
        """A call without a session, for which a 401 is a refusal like any other."""
        try:
            return await self._send("POST", path, json=fields)
        except NeedsLogin as error:
            raise Refused(401, str(error)) from error

    async def _send(self, method: str, path: str, *, token: str = "", **options: Any) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        headers = {**options.pop("headers", {}), **forwarded(), **request_id_header(), **bearer}
        stream = options.pop("stream", False)
        http = self._streams if stream else self._http
        request = http.build_request(method, API + path, headers=headers, **options)
        try:
            answer = await http.send(request, stream=stream)
            if not answer.is_success:
                await answer.aread()
        except httpx.HTTPError as error:
            raise OriginDown(f"{type(error).__name__} at {method} {path}") from error
        if answer.is_success:
            return answer
        raise refusal(answer)


def _cookie_header(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
