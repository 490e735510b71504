"""What the API answers when it can't do what was asked: one class a status, the docstring being the default message."""

import logging
import re
from collections.abc import Iterable
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import Scope

_log = logging.getLogger(__name__)
# Dub has no GET there, but those who know other APIs look for it.
_ONE_LINK = re.compile(r"/api/v1/links/[^/]+")


class ApiProblem(Exception):
    """Something went wrong on our side. The request id in the answer's headers finds it in the logs."""

    status = 500
    code = "internal_server_error"

    def __init__(self, message: str = "", *, headers: dict[str, str] | None = None) -> None:
        self.message = message or str(type(self).__doc__)
        self.headers = headers or {}
        super().__init__(self.message)


class BadRequest(ApiProblem):
    """The request can't be read: check that its body is valid JSON."""

    status, code = 400, "bad_request"


class Unauthorized(ApiProblem):
    """Send a valid API key or access token as `Authorization: Bearer <token>`."""

    status, code = 401, "unauthorized"

    def __init__(self, message: str = "") -> None:
        super().__init__(message, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(ApiProblem):
    """Your role in this workspace does not allow this: ask an owner of the workspace."""

    status, code = 403, "forbidden"


class NotFound(ApiProblem):
    """There is nothing here, or it belongs to another workspace."""

    status, code = 404, "not_found"


class Conflict(ApiProblem):
    """This is taken already: choose another one."""

    status, code = 409, "conflict"


class InviteExpired(ApiProblem):
    """This invitation has expired, was accepted or revoked: ask for a new one."""

    status, code = 410, "invite_expired"


class PreconditionFailed(ApiProblem):
    """Somebody has changed this since you read it: read it again, and change what is there now."""

    status, code = 412, "precondition_failed"


class PayloadTooLarge(ApiProblem):
    """The request's body is too large: send less at once."""

    status, code = 413, "bad_request"


class Unprocessable(ApiProblem):
    """A value is not one that this field takes."""

    status, code = 422, "unprocessable_entity"


class TooManyRequests(ApiProblem):
    """Too many requests: wait for as many seconds as Retry-After says."""

    status, code = 429, "rate_limit_exceeded"


class Unavailable(ApiProblem):
    """A part that this needs does not answer: try again in a moment."""

    status, code = 503, "service_unavailable"

    def __init__(self, message: str = "", *, retry_after: int = 1) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after)})


PROBLEMS = (
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    Conflict,
    InviteExpired,
    PreconditionFailed,
    PayloadTooLarge,
    Unprocessable,
    TooManyRequests,
    ApiProblem,
    Unavailable,
)
_CODES = {405: "bad_request", **{problem.status: problem.code for problem in PROBLEMS}}


class ErrorDetail(msgspec.Struct):
    """`code` is one word a status; `message` says what to do."""

    code: str
    message: str
    doc_url: str


class ErrorBody(msgspec.Struct):
    """The body of every answer that is not a success."""

    error: ErrorDetail


def problem_response(request: Request, problem: ApiProblem) -> Response:
    """The answer for a problem, in the one shape that all errors have."""
    doc_url = f"{request.base_url}api/v1/docs/errors#{problem.code}"
    body = ErrorBody(ErrorDetail(problem.code, problem.message, doc_url))
    return Response(msgspec.json.encode(body), problem.status, problem.headers, "application/json")


async def on_api_problem(request: Request, error: Exception) -> Response:
    """Handler for ApiProblem."""
    assert isinstance(error, ApiProblem)
    return problem_response(request, error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Handler for what the router itself refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)
    problem = ApiProblem(error.detail, headers=dict(error.headers or {}))
    problem.status = error.status_code
    problem.code = _CODES.get(error.status_code, "bad_request")
    if error.status_code == HTTPStatus.NOT_FOUND:
        problem.message = (
            f"There is no {request.url.path} here: /api/v1/docs shows what there is, /api/v1/openapi.json lists it."
        )
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        methods = sorted(_methods_here(request.app.routes, _fresh_scope(request)))
        problem.message = f"{request.method} is not possible here; {_listed(methods)}."
        if request.method == "GET" and _ONE_LINK.fullmatch(request.url.path):
            problem.message += " GET /api/v1/links/info?linkId=... reads a link."
        problem.headers["Allow"] = ", ".join(methods)
    return problem_response(request, problem)


def _listed(methods: list[str]) -> str:
    """As in "DELETE and PATCH are"."""
    *others, last = methods
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"


def _fresh_scope(request: Request) -> Scope:
    """The request's scope as it was before any route was matched."""
    root_path = request.scope.get("app_root_path", "")
    return {
        "type": "http",
        "method": request.method,
        "path": request.scope["path"],
        "root_path": root_path,
        "headers": [],
    }


def _methods_here(routes: Iterable[BaseRoute], scope: Scope) -> set[str]:
    """The methods of all routes of the path that fits first (`/links/count`, before `/links/{linkId}`)."""
    found: set[str] = set()
    path = None
    for route in routes:
        match, child = route.matches(scope)
        if isinstance(route, Mount) and match is not Match.NONE:
            found |= _methods_here(route.routes, {**scope, **child})
        elif isinstance(route, Route) and match is not Match.NONE and path in {None, route.path}:
            path = route.path
            found |= route.methods or set()
    return found


async def on_database_trouble(request: Request, error: Exception) -> Response:
    """Handler for a database that is down, too busy, or has ended each of several tries to end a deadlock."""
    _log.warning("database trouble: %s", type(error).__name__, exc_info=error)
    return problem_response(request, Unavailable("The database does not answer right now: try again in a moment."))


async def on_unexpected_error(request: Request, error: Exception) -> Response:
    """Handler for everything else. The error itself goes to the log only."""
    _log.error("unexpected error", exc_info=error, extra={"path": request.url.path})
    return problem_response(request, ApiProblem())
