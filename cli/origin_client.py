"""The command's one way to Nearhop: the public REST API, with patience."""

import random
import time
from collections.abc import Callable
from typing import Any, Self

import httpx

from cli.errors import CliError, NotLoggedIn, Refused, Unreachable, UsageError

_TIMEOUT = httpx.Timeout(30, connect=5)
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 5.0
# A server that asks for more than this is told to the user instead.
_LONGEST_ASKED_FOR_SECONDS = 60.0
_TRY_AGAIN = {429, 500, 502, 503, 504}


class _Passing(Exception):
    """A failure that may be over soon. `harmless`: the call was not carried out, so sending it again is safe."""

    def __init__(self, problem: CliError, *, harmless: bool, asked_for: float = 0.0) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.harmless = harmless
        self.asked_for = asked_for


class OriginClient:
    """Calls of one account. What fails in passing is tried again for `patience` seconds, when that can do no harm."""

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        patience: float = 3.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url
        self._patience = patience
        self._sleep = sleep
        self._client = httpx.Client(base_url=f"{url}/api/v1", timeout=_TIMEOUT, transport=transport)
        if token:
            self._client.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    def get(self, path: str, **params: str | float) -> Any:
        """The answer's JSON; raises Refused or Unreachable, as the others do."""
        return self._call("GET", path, params=params)

    def post(self, path: str, body: Any, idempotency_key: str = "") -> Any:
        """Only with an idempotency key is a call that may have been carried out sent again."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self._call("POST", path, json=body, headers=headers)

    def delete(self, path: str) -> Any:
        """A link that is gone already is Refused with 404."""
        return self._call("DELETE", path)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        repeatable = method != "POST" or bool(options.get("headers"))
        end = time.monotonic() + self._patience
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._try(method, path, **options)
            except _Passing as passing:
                wait = max(passing.asked_for, pause * random.uniform(0.5, 1))  # noqa: S311  # jitter, not a secret
                too_long = passing.asked_for > _LONGEST_ASKED_FOR_SECONDS
                late = not passing.asked_for and time.monotonic() + wait > end
                if too_long or late or not (repeatable or passing.harmless):
                    raise passing.problem from passing
            self._sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _try(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._client.request(method, path, **options)
        except httpx.TransportError as error:
            never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise _Passing(self._away(error), harmless=never_sent) from error
        except httpx.InvalidURL as error:
            raise UsageError(f"{self._url} can't be called: {error}") from error
        if response.is_success:
            return _json(response, self._url)
        problem = _problem(response, self._url)
        if response.status_code in _TRY_AGAIN:
            limited = response.status_code == httpx.codes.TOO_MANY_REQUESTS
            raise _Passing(problem, harmless=limited, asked_for=_retry_after(response))
        raise problem

    def _away(self, error: Exception) -> Unreachable:
        reason = " ".join(str(error).split()) or type(error).__name__
        return Unreachable(
            f"Nearhop does not answer at {self._url} ({reason}). Start it with `make run`, "
            "or name another with `nearhop login --url` or NEARHOP_URL."
        )


def _json(response: httpx.Response, url: str) -> Any:
    if response.status_code == httpx.codes.NO_CONTENT:
        return None
    try:
        return response.json()
    except ValueError as error:
        raise Unreachable(f"{url} does not answer as Nearhop does: check the address") from error


def _problem(response: httpx.Response, url: str) -> CliError:
    try:
        error = response.json()["error"]
        reason, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        status = response.status_code
        return Unreachable(f"{url} answers {status} and not as Nearhop does: check the address, or try again")
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return NotLoggedIn(f"{url} does not accept these credentials ({message}). Run `nearhop login`.")
    return Refused(response.status_code, reason, message)


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() and value.isascii() else 0.0
