"""API operations: each route is declared once, with the types it takes and gives, and the OpenAPI document is made of that."""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from origin.examples import add_examples
from origin.json_schema import schemas_of
from origin.operation_links import add_links
from origin.problems import PROBLEMS, ErrorBody

PREFIX = "/api/v1"
# Who may call an operation, when it is not a permission of accounts.access.
ANYONE = "anyone"
SIGNED_IN = "signed-in"
PERSON = "person"  # signed in, but not by an API key
IN_NO_WORKSPACE = frozenset({ANYONE, SIGNED_IN, PERSON})

Endpoint = Callable[[Request], Awaitable[Response]]
_COMMON_ERRORS = (429, 500, 503)
_WAIT = {429, 503}
_HEADERS = {
    name: {"description": text, "schema": {"type": kind}}
    for name, kind, text in (
        ("X-Request-Id", "string", "The call's id: the caller's own, or a new one. Log lines have it as well."),
        ("X-RateLimit-Limit", "integer", "Calls a minute that the caller may make."),
        ("X-RateLimit-Remaining", "integer", "Calls that are left of them now."),
        ("X-RateLimit-Reset", "integer", "When all of them are there again, in seconds of Unix time."),
        ("Retry-After", "integer", "Seconds to wait before trying again."),
    )
}
_WAIT_HEADERS = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
_ANSWER_HEADERS = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS if name != "Retry-After"}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose items are of these types, in any mix. (msgspec has no union of plain structs.)

    With `most` it has 1 to that many. With `others` items may be anything: what is of no type here is named in the answer.
    """

    kinds: tuple[type[msgspec.Struct], ...]
    most: int | None = None
    others: bool = False


@dataclass(frozen=True, slots=True)
class OneOf:
    """A response type: one of these."""

    kinds: tuple[type[msgspec.Struct], ...]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path. `body`, `query` and `response` are msgspec types: they validate, document and serialize."""

    method: str
    path: str  # below /api/v1, with {parameters}
    summary: str
    tag: str
    permission: str  # of accounts.access.PERMISSIONS, or one of IN_NO_WORKSPACE
    endpoint: Endpoint
    body: Any = None
    query: type[msgspec.Struct] | None = None
    response: Any = None
    status: int = 200
    errors: tuple[int, ...] = ()
    # Other media types than JSON that the answer may have.
    media_types: tuple[str, ...] = ()
    # Headers that it takes beside the usual ones: name and meaning.
    headers: tuple[tuple[str, str], ...] = ()
    # Answers that hold a secret are not kept for an Idempotency-Key's replay.
    secret_answer: bool = False

    @property
    def id(self) -> str:
        """A name made of the method and the path, such as `getLinksInfo`."""
        words = re.findall(r"[A-Za-z0-9]+", self.path)
        return self.method.lower() + "".join(word[0].upper() + word[1:] for word in words)

    def possible_errors(self) -> list[int]:
        """Every error status this operation may answer."""
        found = {*self.errors, *_COMMON_ERRORS}
        if self.permission != ANYONE:
            found |= {401, 403, 404}
        if self.body is not None:
            found |= {400, 413, 422}
        if self.query is not None or "{" in self.path:
            found.add(422)
        if self.method == "POST" and self.permission != ANYONE:
            found.add(409)
        return sorted(found)


class ApiRoute(Route):
    """A Starlette route that keeps the operation it was made of."""

    def __init__(self, operation: Operation, endpoint: Endpoint) -> None:
        super().__init__(operation.path, endpoint, methods=[operation.method])
        self.operation = operation


def operations(routes: Iterable[BaseRoute]) -> list[Operation]:
    """Every operation below these routes."""
    found: list[Operation] = []
    for route in routes:
        if isinstance(route, ApiRoute):
            found.append(route.operation)
        elif isinstance(route, Mount):
            found.extend(operations(route.routes))
    return found


def document(described: list[Operation], version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    schema_of, components = _schemas(described)
    paths: dict[str, dict[str, Any]] = {}
    for each in sorted(described, key=lambda operation: (operation.path, operation.method)):
        paths.setdefault(each.path, {})[each.method.lower()] = _operation_object(each, schema_of)
    found = {
        "openapi": "3.1.0",
        "info": {
            "title": "Nearhop API",
            "version": version,
            "description": "Short links that redirect at the edge. Follows Dub's public API on the wire.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": components,
            "headers": _HEADERS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    add_examples(found)
    add_links(found)
    return found


def _schemas(described: list[Operation]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of each type that the operations name, by `_type_key`, and the components they refer to."""
    named = [kind for each in described for kind in (each.body, each.response) if kind is not None]
    mixed = [kind for kind in named if isinstance(kind, ListOf | OneOf)]
    types = [
        ErrorBody,
        *(kind for kind in named if not isinstance(kind, ListOf | OneOf)),
        *(kind for each in mixed for kind in each.kinds),
    ]
    schemas, components = schemas_of(types)
    found: dict[str, Any] = {_type_key(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    for each in mixed:
        any_of = {"anyOf": [found[_type_key(kind)] for kind in each.kinds]}
        found[_type_key(each)] = any_of if isinstance(each, OneOf) else _list_schema(each, any_of)
    return found, components


def _list_schema(each: ListOf, any_of: dict[str, Any]) -> dict[str, Any]:
    bounds = {} if each.most is None else {"minItems": 1, "maxItems": each.most}
    return {"type": "array", "items": {"anyOf": [*any_of["anyOf"], {}]} if each.others else any_of, **bounds}


def _operation_object(each: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": each.id,
        "summary": each.summary,
        "tags": [each.tag],
        "security": [] if each.permission == ANYONE else [{"token": []}],
        "responses": _responses(each, schema_of),
    }
    if parameters := _parameters(each):
        found["parameters"] = parameters
    if each.body is not None:
        content = {"application/json": {"schema": schema_of[_type_key(each.body)]}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _responses(each: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in each.media_types}
    if each.response is not None:
        content["application/json"] = {"schema": schema_of[_type_key(each.response)]}
    success: dict[str, Any] = {"description": HTTPStatus(each.status).phrase}
    if content:
        success["content"] = content
    responses = {str(each.status): {**success, "headers": _ANSWER_HEADERS}}
    texts = {problem.status: str(problem.__doc__) for problem in PROBLEMS}
    for status in each.possible_errors():
        error = {"application/json": {"schema": schema_of[_type_key(ErrorBody)]}}
        wait = _WAIT_HEADERS if status in _WAIT else {}
        responses[str(status)] = {"description": texts[status], "headers": _ANSWER_HEADERS | wait, "content": error}
    return responses


def _parameters(each: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)(?::\w+)?}", each.path)
    found = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    if each.query is not None:
        _, components = schemas_of([each.query])
        schema = components[each.query.__name__]
        for name, taken in schema["properties"].items():
            required, kind = name in schema["required"], _without_null(taken)
            array = {"style": "form", "explode": False} if kind.get("type") == "array" else {}
            found.append({"name": name, "in": "query", "required": required, "schema": kind, **array})
    found.extend(_header(*header) for header in each.headers)
    if each.permission not in IN_NO_WORKSPACE and "{workspaceId}" not in each.path:
        text = "Workspace that the call is about, for access tokens; API keys belong to one."
        found.append(_header("X-Workspace-Id", text))
    if each.method == "POST" and each.permission != ANYONE:
        key = _header("Idempotency-Key", "A call repeated with the same key within 24 h is done once.")
        found.append({**key, "schema": {"type": "string", "minLength": 1, "maxLength": 255}})
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that may be left out: there is no way to write null in a query."""
    options = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    return options[0] if len(options) == 1 else schema


def _header(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}


def _type_key(kind: Any) -> str:
    return repr(kind)
