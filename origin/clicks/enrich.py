"""Turns a click of the edge into a row of the table `clicks`. What each column means: docs/analytics.md."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from origin.clicks import user_agents
from origin.clicks.bots import BY_NETWORK, BY_NO_USER_AGENT, BY_USER_AGENT, DATA_CENTRES
from origin.clicks.event import Click
from origin.clicks.geo import CONTINENTS, GeoFile
from origin.clicks.referers import UTM_NAMES, channel_of, host_of, parameters_of, urlsplit_query, utm_of
from origin.clicks.remembered import Remembered
from origin.clicks.row import NO_NUMBER, ClickRow, verdict_of
from origin.clicks.text import DIRECT, LONGEST_HEADER, LONGEST_NAME, LONGEST_URL, UNKNOWN
from origin.clicks.visitors import LONGEST_ADDRESS, VisitorHash

# Of what is remembered below: a header may have any length.
_LONGEST_LANGUAGE = 100
_NO_COUNTRY = ("", "XX")  # XX is what Cloudflare says of an unknown one, T1 of Tor
# What of a click decides on what is remembered of its place.
_PLACE = attrgetter(
    "country", "region", "city", "continent", "latitude", "longitude", "timezone", "asn", "network"
)  # fmt: skip


class Origin(NamedTuple):
    """The batch that a click came in."""

    batch_id: str
    block_id: str
    edge: str
    received_at: int  # unix milliseconds
    keep_days: Mapping[int, int] = {}  # by workspace; nobody changes it


@dataclass(frozen=True, slots=True, eq=False)  # by identity: the drain numbers them
class Facts:
    """What clicks share that have a query, a place, a browser or a referrer in common: columns side by side."""

    columns: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Query(Facts):
    """`medium` and `text` decide on the channel."""

    medium: str
    text: str


class Robot(NamedTuple):
    """Which program made a request, and what gave it away; both empty for a person."""

    name: str
    reason: str


_PERSON = Robot("", "")


@dataclass(frozen=True, slots=True, eq=False)
class _Place(Facts):
    """And whose data centre it is; `located`: whether the edge said which country."""

    data_centre: Robot | None
    located: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Agent(Facts):
    """And what gives a robot away."""

    robot: Robot | None


class Told(NamedTuple):
    """What is found out about clicks, column by column. Texts are cut to what is stored; visitors are hashes of eight bytes."""

    domain: Sequence[str]
    path: Sequence[str]
    query: Sequence[str]
    language: Sequence[str]
    visitor: Sequence[bytes]
    ip: Sequence[str]
    robot: Sequence[Robot]
    utm: Sequence[Facts]
    place: Sequence[Facts]
    agent: Sequence[Facts]
    source: Sequence[Facts]


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
        self._visitor = visitors.digest
        self._keep_address = keep_address
        # Few queries, places, headers and referrers make most clicks. Links are too many, and what they say each click has.
        self._queries = Remembered(self._query_facts)
        self._places = Remembered(self._place_facts)
        self._agents = Remembered(_agent_facts)
        self._sources = Remembered(_source_facts)
        self._languages = Remembered(_first_language)
        self.enriched_by = f"{user_agents.VERSIONS}, geo {geo.version}"

    def told(self, clicks: Sequence[Click]) -> Told:
        """What rows say beyond the clicks and their batch. By columns, as a call a click would cost more than what it does."""
        said = [self._queries[urlsplit_query(click.url), click.query] for click in clicks]
        places = self._places_of(clicks)
        agents = [self._agents[click.user_agent[:LONGEST_HEADER]] for click in clicks]
        sources = [
            self._sources[click.referer[:LONGEST_URL], click.domain, query.medium, query.text]
            for click, query in zip(clicks, said, strict=True)
        ]
        return Told(
            [click.domain[:LONGEST_NAME] for click in clicks],
            [click.path[:LONGEST_URL] for click in clicks],
            [click.query[:LONGEST_URL] for click in clicks],
            [self._languages[click.language[:_LONGEST_LANGUAGE]] for click in clicks],
            [self._visitor(click.at, click.workspace, click.ip, click.user_agent) for click in clicks],
            [self._keep_address(click.ip[:LONGEST_ADDRESS]) for click in clicks],
            [agent.robot or place.data_centre or _PERSON for agent, place in zip(agents, places, strict=True)],
            said, places, agents, sources,
        )  # fmt: skip

    def row(self, origin: Origin, click: Click) -> ClickRow:
        """The row of one click by itself."""
        told = self.told([click])
        ((robot,), (visitor,)) = told.robot, told.visitor
        head = (
            click.id, origin.batch_id, origin.block_id, origin.edge, origin.received_at, click.at, click.kind,
            verdict_of(click.kind, robot=bool(robot.reason)), bool(robot.reason), robot.name, robot.reason, click.trigger,
            number(click.variant), number(click.rule), told.language[0], int.from_bytes(visitor, "little"), told.ip[0],
            self.enriched_by, origin.keep_days.get(click.workspace, 0), click.workspace, click.link, click.version,
            told.domain[0], click.code, click.url, told.path[0], told.query[0],
        )  # fmt: skip
        facts = (told.utm, told.place, told.agent, told.source)
        return ClickRow._make(head + tuple(column for (each,) in facts for column in each.columns))

    def _places_of(self, clicks: Sequence[Click]) -> list[_Place]:
        """By what the edge said, and by the address where it did not know the country."""
        places = list(map(self._places.__getitem__, map(_PLACE, clicks)))
        return [
            place if place.located else self._places[(*_PLACE(click), click.ip)]
            for click, place in zip(clicks, places, strict=True)
        ]

    def _query_facts(self, asked: tuple[str, str]) -> _Query:
        """Of the query of a destination and of a request."""
        of_url, query = asked
        url = f"?{of_url}"
        utm = utm_of(url, query)
        named = tuple(utm.get(name, "")[:LONGEST_NAME] for name in UTM_NAMES)
        columns = (*named, parameters_of(url, query, self._parameters))
        return _Query(columns, utm.get("utm_medium", "").lower(), f"{query}&{of_url}")

    def _place_facts(self, asked: tuple[Any, ...]) -> _Place:
        """Of the attributes that _PLACE names, and of an address where there is one more."""
        country, region, city, continent, latitude, longitude, timezone, asn, network, *ip = asked
        found, source = self._country(country, "".join(ip))
        columns = (
            found or UNKNOWN, region[:LONGEST_NAME] or UNKNOWN, city[:LONGEST_NAME] or UNKNOWN,
            continent[:2] or CONTINENTS.get(found, ""), _coordinate(latitude, 90), _coordinate(longitude, 180),
            timezone[:LONGEST_NAME], asn, network[:LONGEST_NAME], source,
        )  # fmt: skip
        data_centre = Robot(self._data_centres[asn], BY_NETWORK) if asn in self._data_centres else None
        return _Place(columns, data_centre, country not in _NO_COUNTRY)

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
    return _Agent(columns, Robot(facts.bot_name, reason) if facts.bot_name else None)


def _source_facts(asked: tuple[str, str, str, str]) -> Facts:
    header, domain, medium, query = asked
    host = host_of(header)
    return Facts((host, DIRECT if host == DIRECT else header, channel_of(host, domain, medium, query)))


def _coordinate(text: str, limit: float) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if -limit <= number <= limit else None


def _first_language(header: str) -> str:
    return header.partition(",")[0].partition(";")[0].strip()[:20]
