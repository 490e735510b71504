"""Custom hostnames of Cloudflare for SaaS: what makes the edge answer, with TLS, for a domain of somebody else's zone.

https://developers.cloudflare.com/api/resources/custom_hostnames/
"""

from dataclasses import dataclass
from typing import Any, Literal

import httpx

_SECONDS = 10.0
_MOST_TEXT = 500
_NOT_FOUND, _CONFLICT, _TOO_MANY = 404, 409, 429
# States of a hostname or of its certificate that no further waiting changes.
_STUCK = frozenset({"blocked", "moved", "deleted", "expired", "validation_timed_out", "issuance_timed_out"})
_HTTP_VALIDATION = {"method": "http", "type": "dv", "settings": {"min_tls_version": "1.2"}}

Status = Literal["pending", "active", "failed"]


class HostnamesUnavailable(Exception):
    """Cloudflare does not answer, or asks to be left alone for a while."""


class HostnameRefused(Exception):
    """Cloudflare will not do this: the text says why."""


@dataclass(frozen=True, slots=True)
class Hostname:
    """A custom hostname. It is `active` when both it and its certificate are; `detail` says what is missing."""

    id: str
    slug: str
    status: Status
    detail: str


class CustomHostnames:
    """The hostnames of one zone. `transport` is another way to reach it, for tests."""

    def __init__(
        self, base_url: str, zone_id: str, token: str, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._base_url = f"{base_url.rstrip('/')}/zones/{zone_id}/custom_hostnames"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._transport = transport

    async def ensure(self, slug: str) -> Hostname:
        """The hostname of this name, made where there is none; raises HostnamesUnavailable or HostnameRefused.

        One that is not in use yet is looked at anew: Cloudflare gives up on names whose records came late.
        """
        found = await self.find(slug)
        if found is not None:
            return found if found.status == "active" else await self._validate_again(found)
        try:
            return _read(await self._call("POST", "", json={"hostname": slug, "ssl": _HTTP_VALIDATION}))
        except _Taken as taken:
            found = await self.find(slug)  # made by another process a moment ago
            if found is None:
                raise HostnameRefused(str(taken)) from taken
            return found

    async def find(self, slug: str) -> Hostname | None:
        """The hostname of exactly this name; raises HostnamesUnavailable or HostnameRefused."""
        listed = await self._call("GET", "", params={"hostname": slug})
        return next((_read(each) for each in listed if each["hostname"] == slug), None)

    async def delete(self, slug: str) -> None:
        """Give the hostname up, if there is one; raises HostnamesUnavailable or HostnameRefused."""
        found = await self.find(slug)
        if found is not None:
            await self._call("DELETE", f"/{found.id}")

    async def _validate_again(self, hostname: Hostname) -> Hostname:
        return _read(await self._call("PATCH", f"/{hostname.id}", json={"ssl": _HTTP_VALIDATION}))

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            async with httpx.AsyncClient(transport=self._transport, headers=self._headers, timeout=_SECONDS) as client:
                response = await client.request(method, self._base_url + path, **options)
        except httpx.HTTPError as error:
            raise HostnamesUnavailable(f"Cloudflare does not answer: {type(error).__name__}") from error
        if response.status_code == _TOO_MANY or response.is_server_error:
            raise HostnamesUnavailable(f"Cloudflare answers with status {response.status_code}")
        if method == "DELETE" and response.status_code == _NOT_FOUND:
            return None
        if response.is_success:
            try:
                return response.json().get("result")
            except ValueError as error:
                raise HostnamesUnavailable("Cloudflare's answer is not JSON") from error
        text = _errors(response)
        raise _Taken(text) if response.status_code == _CONFLICT else HostnameRefused(text)


class _Taken(HostnameRefused):
    """There is such a hostname already."""


def _read(found: dict[str, Any]) -> Hostname:
    certificate = found.get("ssl") or {}
    states = (found.get("status", "pending"), certificate.get("status", "initializing"))
    status: Status = "pending"
    if all(each == "active" for each in states):
        status = "active"
    elif any(each in _STUCK for each in states):
        status = "failed"
    reasons = [*(found.get("verification_errors") or ()), *_messages(certificate.get("validation_errors"))]
    waiting = f"hostname {states[0]}, certificate {states[1]}"
    detail = "" if status == "active" else "; ".join(reasons) or waiting
    return Hostname(found["id"], found["hostname"], status, detail[:_MOST_TEXT])


def _errors(response: httpx.Response) -> str:
    try:
        texts = _messages(response.json()["errors"])
    except (ValueError, KeyError, TypeError):
        texts = []
    return ("; ".join(texts) or f"Cloudflare answers with status {response.status_code}")[:_MOST_TEXT]


def _messages(errors: Any) -> list[str]:
    return [str(each["message"]) for each in errors or () if isinstance(each, dict) and each.get("message")]
