"""Origin's answers: as the types that the pages show, or as the error that they stand for."""

import re
from http.cookies import SimpleCookie
from typing import TypeVar

import httpx
import msgspec

from dashboard.errors import NeedsLogin, NotThere, OriginDown, Refused
from dashboard.origin_types import Tokens

T = TypeVar("T")
# As in "url", "geo.DE" or "testVariants[0].url".
_FIELD = re.compile(r"[A-Za-z_]\w*(?:\.\w+|\[\d+\])*", re.ASCII)


def refusal(answer: httpx.Response) -> Exception:
    """The error that an answer stands for."""
    what = f"status {answer.status_code} at {answer.request.method} {answer.request.url.path}"
    try:
        message = str(dict(answer.json()["error"]).get("message", ""))
    except (ValueError, KeyError, TypeError):
        return OriginDown(f"{what} without an error of the API")
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        return OriginDown(what, message if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else "")
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return NeedsLogin(message)
    if answer.status_code == httpx.codes.NOT_FOUND:
        return NotThere(message)
    return Refused(answer.status_code, *_split_field(message))


def _split_field(message: str) -> tuple[str, str]:
    """Origin begins the message about a field with its name: "url: Expected a URL." gives the text and "url"."""
    field, colon, text = message.partition(": ")
    if not (colon and _FIELD.fullmatch(field)):
        return message, ""
    begins_with_name = text.partition(" ")[0].endswith(":")  # as in "javascript: is not a scheme"
    return text if begins_with_name else text[:1].upper() + text[1:], field


def decode(answer: httpx.Response, kind: type[T]) -> T:
    """The answer as this type; raises OriginDown for anything else."""
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.MsgspecError as error:
        raise OriginDown(f"{answer.request.url.path} answered something else than the API says: {error}") from error


def tokens(answer: httpx.Response) -> Tokens:
    """The tokens of a log-in, with the refresh cookie."""
    found = decode(answer, Tokens)
    for header in answer.headers.get_list("set-cookie"):
        found.cookies.update({name: morsel.value for name, morsel in SimpleCookie(header).items()})
    return found
