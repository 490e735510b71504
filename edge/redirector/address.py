"""From a request's URL to the key that its link has in KV."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from redirector import destination
from shared.errors import BadCode, BadDomain
from shared.kv_record import kv_key
from shared.slug import MAX_SEGMENTS, VIEWS, normalize_code, normalize_domain

# What else a browser on the same machine may call the default domain while that is `localhost`.
_LOOPBACK = {"127.0.0.1", "[::1]"}
_MOST_HOSTS = 1_000


class Hosts:
    """The domain of each `host:port` seen, so that the usual request looks it up instead of working it out."""

    def __init__(self, default_domain: str) -> None:
        self._aliases = _LOOPBACK if default_domain == "localhost" else set()
        self._default = default_domain
        self._known: dict[str, str] = {}
        self.get = self._known.get

    def domain(self, host: str) -> str:
        """The normalized domain; raises BadDomain."""
        known = self._known.get(host)
        if known is not None:
            return known
        name = normalize_domain(host)
        domain = self._default if name in self._aliases else name
        if len(self._known) >= _MOST_HOSTS:
            self._known.clear()
        self._known[host] = domain
        return domain


class Address(NamedTuple):
    """What a URL asks for: the link of this code, or one of the `shorter` ones if that carries the rest of the path on."""

    domain: str
    code: str
    rest: str = ""  # of the path, as sent
    view: str = ""  # "", or one of VIEWS
    shorter: tuple[tuple[str, str], ...] = ()  # code and rest of each, the longest first

    @property
    def key(self) -> str:
        return kv_key(self.domain, self.code)

    @property
    def path(self) -> str:
        """As origin is asked for it: a slash at its end says that the rest is no code's."""
        return f"{self.code}/" if self.rest else self.code

    def each(self) -> Iterator["Address"]:
        """The address by this code, then by the shorter ones."""
        yield self
        for code, rest in self.shorter:
            yield Address(self.domain, code, rest)

    def lowered(self) -> "Address":
        """The same where a domain takes upper and lower case for one."""
        shorter = tuple((code.lower(), rest) for code, rest in self.shorter)
        return self._replace(code=self.code.lower(), shorter=shorter)


def split_url(url: str) -> tuple[str, str, str]:
    """`(host, path without its first slash, query)` of an absolute URL, all three as sent."""
    _, _, rest = url.partition("://")
    rest, _, query = rest.partition("?")
    host, _, path = rest.partition("/")
    return host, path, query


def code_of(path: str) -> str:
    """The normalized code in a path (without its first slash); raises BadCode."""
    return normalize_code(_unescaped(path).removesuffix("/"))


def address_of(hosts: Hosts, host: str, path: str) -> Address | None:
    """What is asked for, or None where the address can't be a link's."""
    first, slash, rest = path.partition("/")
    if rest:
        return _of_segments(hosts, host, path) if destination.safe_rest(rest) else None
    try:
        domain = hosts.domain(host)
        text = _unescaped(first)
        view = "" if slash else _view(text)
        return Address(domain, normalize_code(text.removesuffix(view)), "", view)
    except (BadCode, BadDomain):
        return None


def _of_segments(hosts: Hosts, host: str, path: str) -> Address | None:
    """By the code of all segments if they can be one, else by that of as many as can."""
    segments = path.removesuffix("/").split("/", MAX_SEGMENTS)
    code, rest, view = "", path, ""
    found: list[tuple[str, str]] = []
    try:
        domain = hosts.domain(host)
        for number, segment in enumerate(segments[:MAX_SEGMENTS], 1):
            text, last = _unescaped(segment), number == len(segments)
            shown = _view(text) if last and not path.endswith("/") else ""
            text = text.removesuffix(shown)
            code = normalize_code(f"{code}/{text}" if code else text)
            rest, view = rest.partition("/")[2], shown
            found.insert(0, (code, "" if last else rest))
    except BadDomain:
        return None
    except BadCode:
        view = ""
    return Address(domain, *found[0], view, tuple(found[1:])) if found else None


def _view(text: str) -> str:
    return next((each for each in VIEWS if text.endswith(each)), "")


def _unescaped(path: str) -> str:
    try:
        return unquote(path, errors="strict")
    except UnicodeDecodeError as error:
        raise BadCode("is not UTF-8") from error
