"""GET and POST /report: the form for visitors that the edge's pages lead to. It works without scripts and cookies.

A form's token names the hour it was made in and is signed, so that reports come from somebody who has opened the page.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from origin.look import POLICY, pages
from origin.problems import BadRequest, PayloadTooLarge, TooManyRequests
from origin.safety.reports import MOST_CHARACTERS, NewReport, Reports

PATH = "/report"
_MOST_BYTES = 16_000
_HOUR = 3600
_GOOD_HOURS = 2
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
REASONS = {
    "phishing": "It imitates another site to get passwords or money",
    "malware": "It spreads harmful programs",
    "spam": "It was sent to me as spam",
    "abuse": "It shows something illegal or abusive",
    "other": "Something else",
}

_pages = pages("origin.safety")


def routes(reports: Reports, secret_key: str, now: Callable[[], float] = time.time) -> list[BaseRoute]:
    """The route of the form."""

    def page(status: int, **values: object) -> Response:
        shown = {
            "reasons": REASONS,
            "most": MOST_CHARACTERS,
            "token": _token(secret_key, int(now()) // _HOUR),
            "done": False,
            "problem": "",
            **values,
        }
        return HTMLResponse(_pages.get_template("report.html").render(shown), status, _HEADERS)

    async def report(request: Request) -> Response:
        if request.method != "POST":
            return page(200, url=request.query_params.get("url", "")[:2_000])
        fields = await _fields(request)
        if not any(_same(fields.get("token", ""), secret_key, int(now()) // _HOUR - age) for age in range(_GOOD_HOURS)):
            return page(
                403, url=fields.get("url", ""), problem="This page was open for too long. Please send it again."
            )
        try:
            given = msgspec.convert({name: fields.get(name, "") for name in NewReport.__struct_fields__}, NewReport)
            await reports.take(request, given)
        except msgspec.ValidationError:
            return page(
                422, url=fields.get("url", ""), problem="Please give the short link, and say what is wrong with it."
            )
        except TooManyRequests as error:
            response = page(429, url=given.url, problem="Many reports came from here. Please wait a while.")
            response.headers.update(error.headers)
            return response
        return page(202, done=True)

    return [Route(PATH, report, methods=["GET", "POST"])]


async def _fields(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise PayloadTooLarge
    try:
        found = parse_qs(body.decode(), max_num_fields=10)
    except ValueError as error:
        raise BadRequest("The form can't be read.") from error
    return {name: values[0] for name, values in found.items()}


def _token(secret_key: str, hour: int) -> str:
    return hmac.new(secret_key.encode(), f"report form {hour}".encode(), hashlib.sha256).hexdigest()


def _same(given: str, secret_key: str, hour: int) -> bool:
    return hmac.compare_digest(given.encode(), _token(secret_key, hour).encode())
