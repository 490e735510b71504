"""The one file that knows JavaScript: the Worker's runtime, embedded (Pyodide 0.26) and current, behind redirector.ports.

A call from Python into JavaScript costs as much as a hundred bytecodes, so what visits keep is fetched for many in one: see
`WorkerRuntime.facts`.
"""

import re
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import js
from pyodide.ffi import JsException, to_js

from redirector.ports import (
    CF_FIELDS,
    VISITOR_HEADERS,
    Context,
    Facts,
    Reply,
    Request,
    Response,
    Unreachable,
    Unreadable,
    Unsendable,
)
from shared import signing

try:
    from pyodide.ffi import jsnull
except ImportError:  # the embedded runtime gives None for JavaScript's null
    jsnull = None
try:
    from workers import WorkerEntrypoint as WorkerEntrypoint  # noqa: PLC0414  # handed on to entry_class.py
except ImportError:  # nor does it have the SDK
    WorkerEntrypoint = object

F = TypeVar("F", bound=Callable[..., Any])
# How old a location's copy of a KV value may be. The embedded runtime refuses less than a minute.
_KV_CACHE_SECONDS = 60
_LEAST_KV_CACHE_SECONDS = 60 if jsnull is None else 30
# A message of the queue comes back after this, and ever later: so its hundred tries last for a day.
_RETRY_SECONDS = 30
_MOST_RETRY_SECONDS = 900
_OK = 200
# Every change of a clock in any zone falls on a full quarter of an hour.
_QUARTER_SECONDS = 900
_MOST_OFFSETS = 200
_UNASKED = -1
# Between the members of an array that is indented by one: line feeds within texts are escaped.
_BETWEEN = re.compile(r",\n (?! )")
_GMT = re.compile(r"GMT(?:([+-])(\d\d):(\d\d)(?::\d\d)?)?$")


def handler(function: F) -> F:
    """Mark a global handler.

    The runtime binds the arguments to the handler's signature on each request, a fifth of the time of a redirect. It
    leaves that out where a function's signature can't be read.
    """
    function.__signature__ = ()  # type: ignore[attr-defined]  # functions take any attribute
    return function


def unwrapped(request: Any) -> Any:
    """The runtime's own request, which the SDK wraps for methods of a class."""
    return getattr(request, "js_object", request)


def variable(env: Any, name: str) -> str | None:
    """A variable or secret of the Worker."""
    value = getattr(env, name, None)
    return None if value is None or value is jsnull else str(value)


async def each_message(batch: Any, deliver: Callable[[bytes], Coroutine[Any, Any, None]]) -> None:
    """Give every message of a Cloudflare queue batch to `deliver`; Unreachable from it asks for a retry of that one."""
    for message in batch.messages:
        body = message.body
        try:
            await deliver(body.encode() if isinstance(body, str) else _bytes(body))
        except Unreachable:
            message.retry(delaySeconds=min(_RETRY_SECONDS * 2 ** min(message.attempts - 1, 8), _MOST_RETRY_SECONDS))
        else:
            message.ack()


class WorkerRuntime:
    """Made within the first request: before it, Workers have no clock, no randomness and no objects to keep."""

    def __init__(self, env: Any) -> None:
        self._kv = env.LINKS
        self._queue = getattr(env, "CLICKS", None)
        self._miss_limit = getattr(env, "MISS_LIMIT", None)
        self._hmac_keys: dict[bytes, Any] = {}  # of the one secret there is
        self._offsets: dict[tuple[str, int], int | None] = {}
        self._new_response = js.Response.new
        self._stringify = js.Reflect.apply.bind(None, js.JSON.stringify, None)
        self._encode = js.TextEncoder.prototype.encode.bind(js.TextEncoder.new())
        self._cf_names = to_js(CF_FIELDS)
        self._cf = _getter("cf")
        self._headers = _getter("headers")
        # Called with headers: the list of names, mapped by Headers.get as a method of these headers.
        self._values = js.Array.prototype.map.bind(to_js(VISITOR_HEADERS), js.Headers.prototype.get)
        self.now = time.time
        self.url = _getter("url")
        self.method = _getter("method")

    def random_name(self) -> str:
        return secrets.token_hex(6)

    def facts(self, requests: Sequence[Request]) -> Facts:
        held = to_js(requests)
        try:
            return self._lines(held.map(self._headers).map(self._values)), self._lines(held.map(self._cf))
        except JsException as error:
            raise Unreadable(str(error)) from error

    def _lines(self, members: Any) -> list[str]:
        """Each member of an array as JSON.stringify(members, names, 1) has it."""
        # Encoded at once, both as the mapping of a list of one: a text that crosses from JavaScript is converted letter by
        # letter, which takes longer than all the rest; bytes are copied.
        encoded = to_js([[members, self._cf_names, 1]]).map(self._stringify).map(self._encode)
        return _BETWEEN.split(encoded[0].to_bytes().decode()[len("[\n ") : -len("\n]")])

    def header(self, request: Request, name: str) -> str | None:
        return _text(request.headers.get(name))

    async def body(self, request: Request) -> bytes:
        return _bytes(await request.arrayBuffer())

    def redirect(self, status: int, url: str, headers: dict[str, str], cookies: Sequence[str] = ()) -> Response:
        # Not Response.redirect, which parses the URL and sends what it made of it. A reply without a body belongs to no
        # request, so one object answers them all.
        pairs = _pairs({"Location": url, "Cache-Control": "no-store", **headers}, cookies)
        try:
            return self._new_response(None, _object({"status": status, "headers": pairs}))
        except JsException as error:
            raise Unsendable(str(error)) from error

    def reply(self, status: int, headers: dict[str, str], body: str, cookies: Sequence[str] = ()) -> Response:
        return self._new_response(body, _object({"status": status, "headers": _pairs(headers, cookies)}))

    def with_header(self, response: Response, name: str, value: str) -> Response:
        copy = self._new_response(response.body, response)
        copy.headers.set(name, value)
        return copy

    def utc_offset(self, zone: str, at: float) -> int | None:
        known = self._offsets.get((zone, quarter := int(at // _QUARTER_SECONDS)), _UNASKED)
        if known is not _UNASKED:
            return known
        if len(self._offsets) >= _MOST_OFFSETS:
            self._offsets.clear()
        offset = self._offsets[zone, quarter] = _offset(zone, quarter * _QUARTER_SECONDS)
        return offset

    async def pbkdf2(self, password: str, salt: bytes, iterations: int, length: int) -> bytes:
        subtle = js.crypto.subtle
        key = await subtle.importKey(
            "raw", to_js(password.encode()), "PBKDF2", False, to_js(["deriveBits"])
        )  # JavaScript's
        how = _object({"name": "PBKDF2", "hash": "SHA-256", "salt": to_js(salt), "iterations": iterations})
        return bytes((await subtle.deriveBits(how, key, length * 8)).to_py())

    async def decrypt(self, key: bytes, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        subtle = js.crypto.subtle
        how = _object({"name": "AES-GCM", "iv": to_js(nonce), "additionalData": to_js(associated)})
        try:
            imported = await subtle.importKey("raw", to_js(key), "AES-GCM", False, to_js(["decrypt"]))  # as above
            return bytes((await subtle.decrypt(how, imported, to_js(data))).to_py())
        except JsException as error:
            raise Unreadable from error

    async def may_miss(self, address: str) -> bool:
        if self._miss_limit is None:
            return True
        return bool((await self._miss_limit.limit(_object({"key": address}))).success)

    async def pass_on(self, url: str, headers: dict[str, str], seconds: float) -> Response:
        init = _object({"headers": headers})
        init.signal = js.AbortSignal.timeout(int(seconds * 1000))
        try:
            response = await js.fetch(url, init)
        except JsException as error:
            raise Unreachable(f"{url}: {error}") from error
        if int(response.status) != _OK:
            raise Unreachable(f"{url}: status {response.status}")
        kept = {"Content-Type": "", "Cache-Control": "", "X-Content-Type-Options": ""}
        passed = {name: _text(response.headers.get(name)) or otherwise for name, otherwise in kept.items()}
        return self._new_response(response.body, _object({"status": _OK, "headers": _pairs(passed, ())}))

    async def kv_get(self, key: str, seconds: float, *, soon: bool = False) -> str | None:
        seconds_old = _LEAST_KV_CACHE_SECONDS if soon else _KV_CACHE_SECONDS
        return _text(await _in_time(self._kv.get(key, type="text", cacheTtl=seconds_old), seconds))

    async def kv_get_bytes(self, key: str, seconds: float) -> bytes | None:
        # Bytes are copied at once, a text letter by letter.
        value = await _in_time(self._kv.get(key, type="arrayBuffer", cacheTtl=_KV_CACHE_SECONDS), seconds)
        return None if value is None or value is jsnull else bytes(value.to_bytes())

    async def hmac_sha256(self, key: bytes, text: bytes) -> bytes:
        subtle = js.crypto.subtle
        if key not in self._hmac_keys:
            how = _object({"name": "HMAC", "hash": "SHA-256"})
            self._hmac_keys[key] = await subtle.importKey("raw", to_js(key), how, False, to_js(["sign"]))  # as above
        return bytes((await subtle.sign("HMAC", self._hmac_keys[key], to_js(text))).to_py())

    async def fetch(self, method: str, url: str, headers: dict[str, str], body: bytes | None, seconds: float) -> Reply:
        options: dict[str, Any] = {"method": method, "headers": headers, "redirect": "manual"}
        if body is not None:
            options["body"] = to_js(body)  # bytes are copied at once, a text letter by letter
        init = _object(options)
        init.signal = js.AbortSignal.timeout(int(seconds * 1000))
        try:
            response = await js.fetch(url, init)
            text = await response.text()
        except JsException as error:
            raise Unreachable(f"{url}: {error}") from error
        return Reply(int(response.status), _text(response.headers.get(signing.HEADER)), str(text))

    async def queue_send(self, message: bytes) -> None:
        if self._queue is None:
            raise Unreachable("this Worker has no queue CLICKS")
        try:
            await self._queue.send(to_js(message), contentType="bytes")  # as above: a text would cost 4 ms
        except JsException as error:
            raise Unreachable(f"queue: {error}") from error

    async def sleep(self, seconds: float) -> None:
        await js.scheduler.wait(int(seconds * 1000))

    def defer(self, context: Context, work: Coroutine[Any, Any, None]) -> None:
        context.waitUntil(to_js(work))  # a bare coroutine would be lost without a word


def _getter(name: str) -> Callable[[Request], Any]:
    """A property of requests as a function, which takes half as long as an attribute of a proxy."""
    getter = js.Object.getOwnPropertyDescriptor(js.Request.prototype, name).get
    read: Callable[[Request], Any] = js.Function.prototype.call.bind(getter)
    return read


async def _in_time(read: Any, seconds: float) -> Any:
    """What a read of KV brings; raises Unreachable."""
    # A timer of our own: one that is not cleared keeps its whole request in memory until it rings.
    gate = js.Promise.withResolvers()
    alarm = js.setTimeout(gate.resolve, int(seconds * 1000), False)  # no value of KV is `false`
    try:
        value = await js.Promise.race(to_js([read, gate.promise]))
    except JsException as error:
        raise Unreachable(f"KV: {error}") from error
    finally:
        js.clearTimeout(alarm)
        gate.resolve()
    if value is False:
        raise Unreachable(f"KV did not answer within {seconds:g} seconds")
    return value


def _offset(zone: str, at: float) -> int | None:
    """Asked of JavaScript, whose runtime has the time zones that Pyodide lacks: `GMT+05:45` after a date."""
    options = _object({"timeZone": zone, "timeZoneName": "longOffset"})
    try:
        text = str(js.Intl.DateTimeFormat.new("en-US", options).format(js.Date.new(int(at * 1000))))
    except JsException:  # RangeError: no such zone
        return None
    found = _GMT.search(text)
    if found is None:
        return None
    sign, hours, minutes = found.groups(default="0")
    seconds = int(hours) * 3600 + int(minutes) * 60
    return -seconds if sign == "-" else seconds


def _pairs(headers: dict[str, str], cookies: Sequence[str]) -> list[list[str]]:
    return [[name, value] for name, value in headers.items()] + [["Set-Cookie", each] for each in cookies]


def _bytes(buffer: Any) -> bytes:
    return bytes(buffer.to_bytes())


def _text(value: Any) -> str | None:
    return None if value is None or value is jsnull else str(value)


def _object(value: dict[str, Any]) -> Any:
    return to_js(value, dict_converter=js.Object.fromEntries)
