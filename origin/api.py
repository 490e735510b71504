"""What every API endpoint needs: making a route of an operation, reading its input, writing its answer."""

import re
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import inspect
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts.access import Caller, identify_person, identify_signed_in, require
from origin.accounts.sessions import place_of
from origin.audit import trail
from origin.cors import hold_to_workspace
from origin.field_messages import TIME_EXAMPLE, field_message, parameter_message
from origin.idempotency import once
from origin.openapi import ANYONE, PERSON, SIGNED_IN, ApiRoute, Operation
from origin.problems import BadRequest, Unprocessable
from origin.storage.again import again_after_deadlock
from origin.storage.transaction import replicas_of

T = TypeVar("T")

# An escaped U+0000 (an even number of backslashes before it is text): Postgres holds no such character.
_DATE = re.compile(r"\d{4}-")
_TOO_DEEP = "The body is nested too deeply."
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def route(operation: Operation) -> ApiRoute:
    """A route that lets only those in whom the operation names, and runs a POST once per Idempotency-Key.

    What it changes goes into the audit log as theirs. If Postgres ends its transaction to end a deadlock, it runs again.
    """

    async def done(request: Request) -> tuple[Response, set[int]]:
        with trail.acting(_author(request)) as changed:
            if operation.method == "POST" and operation.permission != ANYONE:
                return await once(request, operation), changed
            return await operation.endpoint(request), changed

    async def guarded(request: Request) -> Response:
        request.scope["nearhop.operation"] = operation.id  # for the metrics
        if operation.permission == SIGNED_IN:
            await identify_signed_in(request)
        elif operation.permission == PERSON:
            await identify_person(request)
        elif operation.permission != ANYONE:
            await require(request, operation.permission)
        hold_to_workspace(request)
        response, changed = await again_after_deadlock(lambda: done(request))
        await _mark_change(request, changed)
        return response

    return ApiRoute(operation, guarded)


async def _mark_change(request: Request, changed: set[int]) -> None:
    """Let no replica answer for a workspace until it has what was just committed.

    That is the caller's own, and those that the audit log tells of: an invitation, say, is accepted from outside.
    """
    replicas = replicas_of(request)
    if replicas is None or request.method == "GET":
        return
    own = {request.state.actor.workspace_id} if hasattr(request.state, "actor") else set()
    for workspace_id in sorted(changed | own):
        await replicas.wrote(workspace_id)


def _author(request: Request) -> trail.Author:
    """Who calls, as far as that was looked up."""
    place = place_of(request)
    where = trail.Author(
        address=place.address, user_agent=place.user_agent, request_id=request.scope.get("nearhop.request_id", "")
    )
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        return where
    kind: Literal["user", "api_key"] = "user" if caller.api_key_id is None else "api_key"
    return replace(where, kind=kind, user_id=caller.user_id, api_key_id=caller.api_key_id, session=caller.session)


async def read_body(request: Request, kind: type[T]) -> T:
    """The request's JSON body; raises BadRequest where it isn't JSON, Unprocessable where a field doesn't fit."""
    return decode(await request.body(), kind)


def decode(body: bytes, kind: type[T]) -> T:
    """JSON as a msgspec type; raises BadRequest or Unprocessable."""
    if _NUL.search(body):
        raise Unprocessable("Text may not contain the character U+0000.")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError:
        # msgspec stops at the first field that does not fit: the rest may not even be JSON.
        return fitted(_parsed(body), kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        _parsed(body)
        raise


def fitted(value: Any, kind: type[T]) -> T:
    """Decoded JSON as a msgspec type; raises BadRequest or Unprocessable. Some clients write whole numbers as 5.0."""
    try:
        return msgspec.convert(_whole(value), kind)
    except msgspec.ValidationError as error:
        raise Unprocessable(field_message(error, kind)) from error
    except RecursionError as error:
        raise BadRequest(_TOO_DEEP) from error


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return {name: _whole(each) for name, each in value.items()} if isinstance(value, dict) else value


def _parsed(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except RecursionError as error:
        raise BadRequest(_TOO_DEEP) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"The body is not valid JSON: {error}.") from error


def read_query(request: Request, kind: type[T]) -> T:
    """The query's parameters as a msgspec struct; lists are comma-joined or repeated, whole numbers may be written as 5.0."""
    lists = {field.encode_name for field in msgspec.structs.fields(kind) if "list" in str(field.type)}  # type: ignore[arg-type]  # T is a Struct by use
    values: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if "\0" in value:
            raise Unprocessable(f"{name}: text may not contain the character U+0000.")
        if name in lists:
            values.setdefault(name, []).extend(part for part in value.split(",") if part)
        elif name != "workspaceId":  # taken by accounts.access
            values[name] = value
    try:
        found = msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Unprocessable(parameter_message(error, kind)) from error
    _undo_guesses(found, values, kind)
    return found


def _undo_guesses(found: Any, values: dict[str, Any], kind: type[Any]) -> None:
    """Msgspec reads `null` as None and a number as a time in seconds. In a query neither is meant."""
    for field in _fields(kind):  # type: ignore[arg-type]  # classes are hashable
        name, text = field.encode_name, values.get(field.encode_name)
        value = getattr(found, field.name)
        if text is None:
            continue
        if value is None and not _takes(field.type, inspect.StrType):
            raise Unprocessable(f"{name}: there is no null in a query. Leave it out.")
        if value is None:
            setattr(found, field.name, text)  # who searches for that word means the word
        elif isinstance(value, datetime) and not _DATE.match(text):
            raise Unprocessable(f"{name}: write the time as {TIME_EXAMPLE}.")


@cache
def _fields(kind: type[Any]) -> tuple[inspect.Field, ...]:
    """Those of a struct; found out once, as it takes longer than the rest of reading a query."""
    fields: tuple[inspect.Field, ...] = inspect.type_info(kind).fields  # type: ignore[attr-defined]
    return fields


def _takes(kind: inspect.Type, what: type[inspect.Type]) -> bool:
    if isinstance(kind, inspect.Metadata):
        return _takes(kind.type, what)
    if isinstance(kind, inspect.UnionType):
        return any(_takes(each, what) for each in kind.types)
    return isinstance(kind, what)


def answer(value: Any, status: int = 200) -> Response:
    """A JSON response."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")
