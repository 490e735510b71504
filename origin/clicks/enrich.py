"""Turns a click of the edge into a row of the table `clicks`. What each column means: docs/analytics.md."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from origin.clicks import user_agents
from origin.clicks.bots import BY_NETWORK, BY_NO_USER_AGENT, BY_USER_AGENT, DATA_CENTRES
from origin.clicks.event import Click
from origin.clicks.geo import CONTINENTS, GeoFile
from origin.clicks.referers import UTM_NAMES, channel_of, host_of, parameters_of, urlsplit_query, utm_of
from origin.clicks.remembered import Remembered
from origin.clicks.row import BOT, CLICK, NO_NUMBER, ClickRow
from origin.clicks.text import DIRECT, LONGEST_HEADER, LONGEST_NAME, LONGEST_URL, UNKNOWN
from origin.clicks.visitors import LONGEST_ADDRESS, VisitorHash

# Of what is remembered below: a header may have any length.
_LONGEST_LANGUAGE = 100
_NO_COUNTRY = ("", "XX")  # XX is what Cloudflare says of an unknown one, T1 of Tor


class Origin(NamedTuple):
    """The batch that a click came in."""

    batch_id: str
    block_id: str
    edge: str
    received_at: int  # unix milliseconds
    keep_days: Mapping[int, int] = {}  # by workspace; nobody changes it


@dataclass(frozen=True, slots=True, eq=False)  # by identity: the drain numbers them
class Facts:
    """What clicks share that have a link, a place, a browser or a referrer in common: columns side by side."""

    columns: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Link(Facts):
    """`medium` and `queries` decide on the channel."""

    medium: str
    queries: str


@dataclass(frozen=True, slots=True, eq=False)
class _Place(Facts):
    """And whose data centre it is."""

    data_centre: str


@dataclass(frozen=True, slots=True, eq=False)
class _Agent(Facts):
    """And what gives a robot away."""

    bot_name: str
    bot_reason: str


# What is found out about one click: link, place, browser, referrer; verdict, robot's name and reason; language, visitor and
# address. A plain tuple, as there are many.
Told = tuple[Facts, Facts, Facts, Facts, str, str, str, str, int, str]


class Enricher:
    """Knows the files and settings; `told` is asked of each click, in the drain's thread."""

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
        self._visitor = visitors.of
        self._keep_address = keep_address
        # Few links, places, headers and referrers make most clicks.
        self._links = Remembered(self._link_facts)
        self._queries = Remembered(self._query_facts)
        self._places = Remembered(self._place_facts)
        self._agents = Remembered(_agent_facts)
        self._sources = Remembered(_source_facts)
        self.enriched_by = f"{user_agents.VERSIONS}, geo {geo.version}"

    def told(self, click: Click) -> Told:
        """What one click's row says beyond the click and its batch."""
        link = self._links[
            click.workspace, click.link, click.version, click.domain, click.code, click.url, click.path, click.query
        ]  # fmt: skip
        place = self._places[
            click.country, click.region, click.city, click.continent, click.latitude, click.longitude, click.timezone,
            click.asn, click.network, click.ip if click.country in _NO_COUNTRY else "",
        ]  # fmt: skip
        agent = self._agents[click.user_agent[:LONGEST_HEADER]]
        source = self._sources[click.referer[:LONGEST_URL], click.domain, link.medium, link.queries]
        name, reason = agent.bot_name, agent.bot_reason
        if place.data_centre and not name:
            name, reason = place.data_centre, BY_NETWORK
        return (
            link, place, agent, source, BOT if reason and click.kind == CLICK else click.kind, name, reason,
            _first_language(click.language[:_LONGEST_LANGUAGE]),
            self._visitor(click.at, click.workspace, click.ip, click.user_agent),
            self._keep_address(click.ip[:LONGEST_ADDRESS]),
        )  # fmt: skip

    def row(self, origin: Origin, click: Click) -> ClickRow:
        """The row of one click by itself."""
        link, place, agent, source, verdict, name, reason, language, visitor, ip = self.told(click)
        head = (
            click.id, origin.batch_id, origin.block_id, origin.edge, origin.received_at, click.at, click.kind, verdict,
            bool(reason), name, reason, click.trigger, number(click.variant), number(click.rule), language, visitor, ip,
            self.enriched_by, origin.keep_days.get(click.workspace, 0),
        )  # fmt: skip
        return ClickRow._make(head + link.columns + place.columns + agent.columns + source.columns)

    def _link_facts(self, asked: tuple[int, int, int, str, str, str, str, str]) -> _Link:
        workspace, link, version, domain, code, url, path, query = asked
        columns = (workspace, link, version, domain[:LONGEST_NAME], code, url, path[:LONGEST_URL], query[:LONGEST_URL])
        said = self._queries[urlsplit_query(url), query]
        return _Link(columns + said.columns, said.medium, said.queries)

    def _query_facts(self, asked: tuple[str, str]) -> _Link:
        """Of the query of a destination and of a request: the columns that follow the link's own."""
        of_url, query = asked
        url = f"?{of_url}"
        utm = utm_of(url, query)
        named = tuple(utm.get(name, "")[:LONGEST_NAME] for name in UTM_NAMES)
        columns = (*named, parameters_of(url, query, self._parameters))
        return _Link(columns, utm.get("utm_medium", "").lower(), f"{query}&{of_url}")

    def _place_facts(self, asked: tuple[str, str, str, str, str, str, str, int, str, str]) -> _Place:
        country, region, city, continent, latitude, longitude, timezone, asn, network, ip = asked
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


def number(given: int | None) -> int:
    """Of a variant or a rule, as it is stored."""
    return NO_NUMBER if given is None else given


def _agent_facts(header: str) -> _Agent:
    facts = user_agents.read(header)
    columns = (
        header, facts.device, facts.device_brand, facts.device_model, facts.browser, facts.browser_version, facts.engine,
        facts.os, facts.os_version,
    )  # fmt: skip
    reason = (BY_USER_AGENT if header.strip() else BY_NO_USER_AGENT) if facts.bot_name else ""
    return _Agent(columns, facts.bot_name, reason)


def _source_facts(asked: tuple[str, str, str, str]) -> Facts:
    header, domain, medium, queries = asked
    host = host_of(header)
    return Facts((host, DIRECT if host == DIRECT else header, channel_of(host, domain, medium, queries)))


def _coordinate(text: str, limit: float) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if -limit <= number <= limit else None


@lru_cache(maxsize=20_000)
def _first_language(header: str) -> str:
    return header.partition(",")[0].partition(";")[0].strip()[:20]
