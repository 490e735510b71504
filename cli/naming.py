"""Finds the link that somebody means by a code, a short link or an id."""

from typing import Any
from urllib.parse import unquote, urlsplit

from cli.errors import Refused, UsageError
from cli.origin_client import OriginClient

_NOT_FOUND = 404
_PAGE = 100
_MOST_PAGES = 50
_IDS = ("link_", "ext_")


def find_link(origin: OriginClient, name: str) -> dict[str, Any]:
    """The link; raises Refused (404) when there is none, UsageError when the code is used on several domains."""
    if name.startswith(_IDS):
        return dict(origin.get("/links/info", linkId=name))
    domain, key = _parts(name)
    if domain:
        try:
            return dict(origin.get("/links/info", domain=domain, key=key))
        except Refused as error:
            if "://" in name or error.status != _NOT_FOUND:
                raise
        key = name  # `v1.2/abc` may be a code
    found = _on_domains_in_use(origin, key) or _by_search(origin, key)
    if not found:
        raise Refused(_NOT_FOUND, "not_found", f"There is no link with the code {key!r}: see `nearhop links list`")
    if len(found) > 1:
        names = ", ".join(f"{link['domain']}/{link['key']}" for link in found)
        raise UsageError(f"{key!r} is on several domains: name one of {names}")
    return found[0]


def _parts(name: str) -> tuple[str, str]:
    """Domain and code of `abc`, `c/abc`, `go.example.com/c/abc` or `https://go.example.com/c/abc`."""
    if "://" in name:
        url = urlsplit(name)
        return url.hostname or "", unquote(url.path.removeprefix("/"))
    domain, slash, key = name.partition("/")
    host = domain.partition(":")[0]
    return (host, key) if slash and ("." in host or host != domain or host == "localhost") else ("", name)


def _on_domains_in_use(origin: OriginClient, key: str) -> list[dict[str, Any]]:
    newest = origin.get("/links", pageSize=_PAGE)
    found = []
    for domain in sorted({link["domain"] for link in newest}):
        try:
            found.append(dict(origin.get("/links/info", domain=domain, key=key)))
        except Refused as error:
            if error.status != _NOT_FOUND:
                raise
    return found


def _by_search(origin: OriginClient, key: str) -> list[dict[str, Any]]:
    found = []
    for page in range(1, _MOST_PAGES + 1):
        links = origin.get("/links", search=key, page=page, pageSize=_PAGE, showArchived="true")
        found += [link for link in links if link["key"] == key]
        if len(links) < _PAGE:
            break
    return found
