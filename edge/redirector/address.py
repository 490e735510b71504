"""From a request's URL to the key that its link has in KV."""

from typing import NamedTuple
from urllib.parse import unquote

from redirector import destination
from shared.errors import BadCode, BadDomain
from shared.kv_record import kv_key
from shared.slug import normalize_code, normalize_domain

# What else a browser on the same machine may call the default domain while that is `localhost`.
_LOOPBACK = {"127.0.0.1", "[::1]"}
_MOST_HOSTS = 1_000
# What may follow a code: its preview, its QR code. Longest first.
_VIEWS = (".qr.png", ".qr", "+")


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
    """What a URL asks for."""

    domain: str
    code: str
    rest: str = ""  # of the path, as sent
    view: str = ""  # "", or one of "+", ".qr" and ".qr.png"

    @property
    def key(self) -> str:
        return kv_key(self.domain, self.code)


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
    if rest and not destination.safe_rest(rest):
        return None
    try:
        domain = hosts.domain(host)
        text = _unescaped(first)
        view = "" if slash else next((each for each in _VIEWS if text.endswith(each)), "")
        return Address(domain, normalize_code(text.removesuffix(view)), rest, view)
    except (BadCode, BadDomain):
        return None


def _unescaped(path: str) -> str:
    try:
        return unquote(path, errors="strict")
    except UnicodeDecodeError as error:
        raise BadCode("is not UTF-8") from error
