"""Turns a click of the edge into a row of the table `clicks`. What each column means: docs/analytics.md."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from origin.clicks import user_agents
from origin.clicks.bots import BY_NETWORK, BY_NO_USER_AGENT, BY_USER_AGENT, DATA_CENTRES
from origin.clicks.event import Click
from origin.clicks.geo import CONTINENTS, GeoFile
from origin.clicks.referers import UTM_NAMES, channel_of, host_of, parameters_of, urlsplit_query, utm_of
from origin.clicks.row import BOT, CLICK, NO_NUMBER, ClickRow
from origin.clicks.text import DIRECT, LONGEST_HEADER, LONGEST_NAME, LONGEST_URL, UNKNOWN
from origin.clicks.visitors import VisitorHash

_REMEMBERED = 50_000
_NO_COUNTRY = ("", "XX")  # XX is what Cloudflare says of an unknown one, T1 of Tor


class Origin(NamedTuple):
    """The batch that a click came in."""

    batch_id: str
    block_id: str
    edge: str
    received_at: int  # unix milliseconds
    keep_days: Mapping[int, int] = {}  # by workspace; nobody changes it


class Enricher:
    """Knows the files and settings; `row` is called for each click, in the drain's thread."""

    def __init__(
        self,
        geo: GeoFile,
        visitors: VisitorHash,
        keep_address: Callable[[str], str],
        parameters: tuple[str, ...] = (),
        *,
        data_centres: bool = True,
    ) -> None:
        self._geo = geo
        self._parameters = frozenset(parameters)
        self._data_centres = DATA_CENTRES if data_centres else {}
        self._visitors = visitors
        self._keep_address = keep_address
        # Few links, places, headers and referrers make most clicks.
        self._link = lru_cache(maxsize=_REMEMBERED)(self._link_facts)
        self._place = lru_cache(maxsize=_REMEMBERED)(self._place_facts)
        self._enriched_by = f"{user_agents.VERSIONS}, geo {geo.version}"

    def row(self, origin: Origin, click: Click) -> ClickRow:
        """The row of one click."""
        link = self._link(
            click.workspace, click.link, click.version, click.domain, click.code, click.url, click.path, click.query
        )
        place = self._place(
            click.country, click.region, click.city, click.continent, click.latitude, click.longitude, click.timezone,
            click.asn, click.network, click.ip if click.country in _NO_COUNTRY else "",
        )  # fmt: skip
        agent = _agent(click.user_agent[:LONGEST_HEADER])
        bot_name, bot_reason = agent.bot_name, agent.bot_reason
        if not bot_name and place.data_centre:
            bot_name, bot_reason = place.data_centre, BY_NETWORK
        head = (
            click.id, origin.batch_id, origin.block_id, origin.edge, origin.received_at, click.at, click.kind,
            _verdict(click.kind, bot_reason), bool(bot_reason), bot_name, bot_reason, click.trigger,
            NO_NUMBER if click.variant is None else click.variant, NO_NUMBER if click.rule is None else click.rule,
            _first_language(click.language), self._visitors.of(click.at, click.workspace, click.ip, click.user_agent),
            self._keep_address(click.ip), self._enriched_by, origin.keep_days.get(click.workspace, 0),
        )  # fmt: skip
        source = _source(click.referer[:LONGEST_URL], click.domain, link.medium, link.queries)
        return ClickRow._make(head + link.columns + place.columns + agent.columns + source)

    def _link_facts(
        self, workspace: int, link: int, version: int, domain: str, code: str, url: str, path: str, query: str
    ) -> "_Link":
        utm = utm_of(url, query)
        named = tuple(utm.get(name, "")[:LONGEST_NAME] for name in UTM_NAMES)
        parameters = parameters_of(url, query, self._parameters)
        asked = (workspace, link, version, domain[:LONGEST_NAME], code, url, path[:LONGEST_URL], query[:LONGEST_URL])
        queries = f"{query}&{urlsplit_query(url)}"
        return _Link((*asked, *named, parameters), utm.get("utm_medium", "").lower(), queries)

    def _place_facts(
        self, country: str, region: str, city: str, continent: str, latitude: str, longitude: str, timezone: str,
        asn: int, network: str, ip: str,
    ) -> "_Place":  # fmt: skip
        found, source = self._country(country, ip)
        columns = (
            found or UNKNOWN, region[:LONGEST_NAME] or UNKNOWN, city[:LONGEST_NAME] or UNKNOWN,
            continent[:2] or CONTINENTS.get(found, ""), _coordinate(latitude, 90), _coordinate(longitude, 180),
            timezone[:LONGEST_NAME], asn, network[:LONGEST_NAME], source,
        )  # fmt: skip
        return _Place(columns, self._data_centres.get(asn, ""))

    def _country(self, country: str, ip: str) -> tuple[str, str]:
        if country not in _NO_COUNTRY:
            return country[:2].upper(), "edge"
        found = self._geo.country(ip) if ip else ""
        return found, "file" if found else ""


class _Link(NamedTuple):
    """What a link's clicks share; `medium` and `queries` decide on the channel."""

    columns: tuple[Any, ...]
    medium: str
    queries: str


class _Place(NamedTuple):
    """What clicks from a place share, and whose data centre it is."""

    columns: tuple[Any, ...]
    data_centre: str


class _Agent(NamedTuple):
    """What clicks with one header share, and what gives a robot away."""

    columns: tuple[str, ...]
    bot_name: str
    bot_reason: str


@lru_cache(maxsize=_REMEMBERED)
def _agent(header: str) -> _Agent:
    facts = user_agents.read(header)
    columns = (
        header, facts.device, facts.device_brand, facts.device_model, facts.browser, facts.browser_version, facts.engine,
        facts.os, facts.os_version,
    )  # fmt: skip
    reason = (BY_USER_AGENT if header.strip() else BY_NO_USER_AGENT) if facts.bot_name else ""
    return _Agent(columns, facts.bot_name, reason)


@lru_cache(maxsize=_REMEMBERED)
def _source(header: str, domain: str, medium: str, queries: str) -> tuple[str, str, str]:
    host = host_of(header)
    return host, DIRECT if host == DIRECT else header, channel_of(host, domain, medium, queries)


def _verdict(kind: str, bot_reason: str) -> str:
    """One word a request; the requests of a link are the sum over the verdicts, and only `click` is counted as one."""
    if kind != CLICK:
        return kind
    return BOT if bot_reason else CLICK


@lru_cache(maxsize=20_000)
def _coordinate(text: str, limit: float) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if -limit <= number <= limit else None


@lru_cache(maxsize=20_000)
def _first_language(header: str) -> str:
    return header.partition(",")[0].partition(";")[0].strip()[:20]
