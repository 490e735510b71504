"""Compares what KV shall hold with what it lists: two walks in the same order, merged a page at a time."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from psycopg import AsyncConnection

from kvsync.kv_api import KvApi, ListedKey
from kvsync.sql import statements
from shared.change_feed import FEED_KEY
from shared.errors import ContractError
from shared.kv_record import kv_key
from shared.link_packs import PREFIX
from shared.slug import normalize_code, normalize_domain

_SQL = statements("reconcile.sql")
_PAGE = 5_000
# Above this no version of ours lies: such metadata was written by somebody else.
HIGHEST_VERSION = 2**53
T = TypeVar("T")


class Kind(StrEnum):
    """How a key differs."""

    MISSING = "missing"  # a link that KV does not have
    STALE = "stale"  # KV has an older version, or one that kvsync did not write
    AHEAD = "ahead"  # KV has a newer version than Postgres, as after the restore of a backup
    EXTRA = "extra"  # KV has a key of ours without a link
    FOREIGN = "foreign"  # KV has a key that is not ours; left alone
    REFUSED = "refused"  # KV refused this link's record; see `kvsync poisoned`


@dataclass(frozen=True, slots=True)
class Difference:
    """A key whose versions differ. None means that the side does not have it; 0 in KV that its version is not ours."""

    key: str
    wanted: int | None
    found: int | None

    @property
    def kind(self) -> Kind:
        """What the two versions say."""
        if self.found is None:
            return Kind.MISSING
        if self.wanted is None:
            return Kind.EXTRA if self.found and looks_like_ours(self.key) else Kind.FOREIGN
        return Kind.STALE if self.found < self.wanted else Kind.AHEAD


@dataclass(slots=True)
class Walked:
    """How far a comparison is."""

    links: int = 0
    keys: int = 0


async def differences(connection: AsyncConnection[Any], api: KvApi, walked: Walked) -> AsyncIterator[Difference]:
    """Every key that differs, in the byte order of keys. Raises KvError and psycopg.Error."""
    links, keys = wanted_keys(connection), listed_keys(api)
    link, listed = await _next(links), await _next(keys)
    while link or listed:
        name = min(each for each in (link and link[0].encode(), listed and listed.name.encode()) if each)
        wanted = found = None
        if link and link[0].encode() == name:
            wanted, link = link[1], await _next(links)
            walked.links += 1
        if listed and listed.name.encode() == name:
            found, listed = _version(listed), await _next(keys)
            walked.keys += 1
        if wanted != found:
            yield Difference(name.decode(), wanted, found)


async def wanted_keys(connection: AsyncConnection[Any]) -> AsyncIterator[tuple[str, int]]:
    """The key and version of every link, in the byte order of keys."""
    for (domain,) in await (await connection.execute(_SQL["domains"])).fetchall():
        after = ""
        while True:
            parameters = {"domain": domain, "after": after, "page": _PAGE}
            rows = await (await connection.execute(_SQL["wanted"], parameters)).fetchall()
            for code, version in rows:
                yield kv_key(domain, code), version
            if len(rows) < _PAGE:
                break
            after = rows[-1][0]


async def listed_keys(api: KvApi) -> AsyncIterator[ListedKey]:
    """Every key that KV lists but those of the feed and the packs, in the byte order of keys."""
    cursor = ""
    while True:
        page, cursor = await api.list_page(cursor)
        for each in page:
            if each.name != FEED_KEY and not each.name.startswith(PREFIX):
                yield each
        if not cursor:
            return


def looks_like_ours(key: str) -> bool:
    """The key is of the form that a link's key has, to the letter."""
    domain, slash, code = key.partition("/")
    try:
        return bool(slash) and normalize_domain(domain) == domain and normalize_code(code) == code
    except ContractError:
        return False


def _version(listed: ListedKey) -> int:
    return listed.version if listed.version and listed.version <= HIGHEST_VERSION else 0


async def _next(iterator: AsyncIterator[T]) -> T | None:
    return await anext(iterator, None)
