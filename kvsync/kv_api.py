"""The calls of Cloudflare's KV REST API that kvsync makes. A call is made once: when to repeat it is the caller's business.

Paths and bounds: https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

import httpx

from kvsync.changes import Change
from kvsync.errors import KvBusy, KvForbidden, KvRefused, KvUncertain, KvUnreachable
from kvsync.settings import Settings

LIST_PAGE = 1_000  # Cloudflare's largest
_UNKNOWN_TO_KV = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_SOON = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_MOST_OF_A_MESSAGE = 300
# A call on a broken connection is carried out within this time or never; one that fell silent may take longer.
BROKEN_SETTLES_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as KV lists it. `version` is None where the metadata is not what kvsync writes."""

    name: str
    version: int | None


class KvApi:
    """One namespace of Workers KV. Every call raises a KvError; those that write return the keys to try again."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        account = quote(settings.cloudflare_account_id, safe="")
        namespace = quote(settings.cloudflare_kv_namespace_id, safe="")
        base = settings.cloudflare_api_url.rstrip("/")
        self._timeout = settings.kv_timeout_seconds
        self._client = httpx.AsyncClient(
            base_url=f"{base}/accounts/{account}/storage/kv/namespaces/{namespace}/",
            headers={"Authorization": f"Bearer {settings.cloudflare_api_token}"},
            timeout=settings.kv_timeout_seconds,
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.aclose()

    async def put(self, changes: Iterable[Change]) -> set[str]:
        """Write the values, each with its version as metadata."""
        pairs = [{"key": c.key, "value": c.value, "metadata": {"v": c.version}} for c in changes]
        return _unsuccessful(await self._call("PUT", "bulk", pairs))

    async def delete(self, changes: Iterable[Change]) -> set[str]:
        """Remove the keys; one that is not there counts as removed."""
        return _unsuccessful(await self._call("POST", "bulk/delete", [change.key for change in changes]))

    async def list_page(self, cursor: str = "", limit: int = LIST_PAGE) -> tuple[list[ListedKey], str]:
        """A page of keys in the order of their UTF-8 bytes, and the cursor of the next, empty after the last."""
        params = {"limit": str(limit), **({"cursor": cursor} if cursor else {})}
        answer = await self._call("GET", "keys", params=params)
        keys = [ListedKey(each["name"], _version(each.get("metadata"))) for each in answer["result"]]
        return keys, (answer.get("result_info") or {}).get("cursor") or ""

    async def _call(self, method: str, path: str, body: Any = None, params: dict[str, str] | None = None) -> Any:
        content = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        try:
            # httpx's own timeout is for each read; this one is for the whole call, which must end before its leases do.
            async with asyncio.timeout(self._timeout):
                response = await self._client.request(method, path, content=content, headers=headers, params=params)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise KvUnreachable(f"{KvUnreachable.__doc__} ({_reason(error)})") from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise KvUncertain(f"the KV API did not answer within {self._timeout:g} s") from error
        except httpx.TransportError as error:
            raise KvUncertain(
                f"the connection broke during the call ({_reason(error)})", BROKEN_SETTLES_SECONDS
            ) from error
        return _read(response)


def _read(response: httpx.Response) -> Any:
    """The answer's JSON when it says success; else the error that fits."""
    status = response.status_code
    if status in _SOON or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise KvBusy(_message(response), retry_after(response.headers.get("Retry-After")))
    if status in _UNKNOWN_TO_KV:
        raise KvForbidden(f"{KvForbidden.__doc__} ({_message(response)})")
    if not response.is_success:
        raise KvRefused(_message(response))
    try:
        answer = response.json()
    except ValueError as error:
        raise KvBusy(f"the KV API answered {status} with something that is not JSON") from error
    if not (isinstance(answer, dict) and answer.get("success")):
        raise KvRefused(_message(response))
    return answer


def retry_after(value: str | None) -> float | None:
    """The seconds of a Retry-After header, which may be a number or a date; None when it is neither."""
    if not value:
        return None
    if value.isdecimal() and value.isascii():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None

    return max(0.0, (when - datetime.now(UTC)).total_seconds()) if when.tzinfo else None


def _message(response: httpx.Response) -> str:
    try:
        errors = response.json()["errors"]
        text = "; ".join(f"{each['code']} {each['message']}" for each in errors)
    except (ValueError, KeyError, TypeError):
        text = " ".join(response.text.split())
    return f"{response.status_code} {text}".strip()[:_MOST_OF_A_MESSAGE]


def _unsuccessful(answer: dict[str, Any]) -> set[str]:
    return set((answer.get("result") or {}).get("unsuccessful_keys") or ())


def _version(metadata: Any) -> int | None:
    version = metadata.get("v") if isinstance(metadata, dict) else None
    # bool is an int to Python, and JSON's true is no version.
    return version if isinstance(version, int) and not isinstance(version, bool) and version > 0 else None


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
