"""A request as rules see it. Each part is read when a rule first asks for it, and then kept."""

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

from redirector.address import split_url
from redirector.user_agent import Agent, read_agent

_MINUTES = 60
_DAY_SECONDS = 86_400
# 1 January 1970 was a Thursday.
_FIRST_WEEKDAY = 4


def own_cookie(name: str, code: str) -> str:
    """The name of a code's cookie. Browsers send those of `docs` to `/docs/install` too, whose own have another name."""
    return f"{name}_{hashlib.sha256(code.encode()).hexdigest()[:8]}"


class Visitor:
    """One request: `seen` is Runtime.facts, read; `offset` gives a zone's distance from UTC in seconds."""

    def __init__(
        self,
        seen: dict[str, Any],
        url: str,
        now: float,
        code: str,
        cookie_header: Callable[[], str],
        offset: Callable[[str], int | None],
    ) -> None:
        self.now = now
        self._seen = seen
        self._url = url
        self._code = code
        self._cookie_header = cookie_header
        self._offset = offset

    def header(self, name: str) -> str:
        """One of VISITOR_HEADERS."""
        return self._seen.get(name) or ""

    def place(self, name: str) -> str:
        """One of CF_FIELDS, as text."""
        return str((self._seen.get("cf") or {}).get(name) or "")

    @cached_property
    def agent(self) -> Agent:
        return read_agent(self.header("user-agent")[:1024])

    @cached_property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(self.raw_query, keep_blank_values=True)

    @cached_property
    def raw_query(self) -> str:
        return split_url(self._url)[2].partition("#")[0]

    @cached_property
    def referrer(self) -> str:
        """The host of the page that the visitor comes from."""
        try:
            return (urlsplit(self.header("referer")).hostname or "").lower()
        except ValueError:  # no URL at all
            return ""

    def own_cookie(self, name: str) -> str | None:
        """The value of the link's own cookie of this name."""
        return self.cookies.get(own_cookie(name, self._code))

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The first of each name: browsers send those of longer paths first, so that one is this code's and not `docs`'s."""
        found: dict[str, str] = {}
        for each in self._cookie_header().split(";"):
            name, _, value = each.strip().partition("=")
            found.setdefault(name, value)
        return found

    def local_time(self, zone: str) -> tuple[int, int] | None:
        """Weekday (Monday is 1) and minute of the day; None where the zone is unknown."""
        offset = self._offset(zone)
        if offset is None:
            return None
        days, seconds = divmod(int(self.now) + offset, _DAY_SECONDS)
        return (days + _FIRST_WEEKDAY - 1) % 7 + 1, seconds // _MINUTES

    def share(self, salt: str) -> float:
        """A number from 0 to below 1 that stays this visitor's for this salt."""
        text = "\n".join((salt, self.header("cf-connecting-ip"), self.header("user-agent")))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48
