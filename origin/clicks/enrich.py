"""Turns a click of the edge into a row of the table `clicks`. What each column means: docs/analytics.md."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from origin.clicks import user_agents
from origin.clicks.bots import BY_NETWORK, BY_NO_USER_AGENT, BY_USER_AGENT, DATA_CENTRES
from origin.clicks.event import Click
from origin.clicks.geo import CONTINENTS, GeoFile
from origin.clicks.referers import channel_of, host_of, parameters_of, urlsplit_query, utm_of
from origin.clicks.row import BOT, CLICK, NO_NUMBER, ClickRow
from origin.clicks.text import DIRECT, LONGEST_HEADER, LONGEST_NAME, LONGEST_URL, UNKNOWN
from origin.clicks.visitors import VisitorHash


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
        self._enriched_by = f"{user_agents.VERSIONS}, geo {geo.version}"

    def row(self, origin: Origin, click: Click) -> ClickRow:
        """The row of one click."""
        agent = user_agents.read(click.user_agent[:LONGEST_HEADER])
        bot_reason, bot_name = self._bot(click, agent.bot_name)
        country, geo_source = self._country(click)
        referer = host_of(click.referer[:LONGEST_URL])
        utm = utm_of(click.url, click.query)
        medium = utm.get("utm_medium", "")
        queries = f"{click.query}&{urlsplit_query(click.url)}"
        return ClickRow(
            click_id=click.id,
            batch_id=origin.batch_id,
            block_id=origin.block_id,
            edge=origin.edge,
            received_at=origin.received_at,
            workspace_id=click.workspace,
            link_id=click.link,
            link_version=click.version,
            timestamp=click.at,
            domain=click.domain[:LONGEST_NAME],
            code=click.code,
            url=click.url,
            path=click.path[:LONGEST_URL],
            query=click.query[:LONGEST_URL],
            kind=click.kind,
            verdict=_verdict(click.kind, bot_reason),
            bot=bool(bot_reason),
            bot_name=bot_name,
            bot_reason=bot_reason,
            trigger=click.trigger,
            variant=NO_NUMBER if click.variant is None else click.variant,
            rule=NO_NUMBER if click.rule is None else click.rule,
            country=country or UNKNOWN,
            region=click.region[:LONGEST_NAME] or UNKNOWN,
            city=click.city[:LONGEST_NAME] or UNKNOWN,
            continent=click.continent[:2] or CONTINENTS.get(country, ""),
            latitude=_coordinate(click.latitude, 90),
            longitude=_coordinate(click.longitude, 180),
            timezone=click.timezone[:LONGEST_NAME],
            asn=click.asn,
            network=click.network[:LONGEST_NAME],
            geo_source=geo_source,
            device=agent.device,
            device_brand=agent.device_brand,
            device_model=agent.device_model,
            browser=agent.browser,
            browser_version=agent.browser_version,
            engine=agent.engine,
            os=agent.os,
            os_version=agent.os_version,
            user_agent=click.user_agent[:LONGEST_HEADER],
            language=_first_language(click.language),
            referer=referer,
            referer_url=DIRECT if referer == DIRECT else click.referer[:LONGEST_URL],
            channel=channel_of(referer, click.domain, medium.lower(), queries),
            utm_source=utm.get("utm_source", "")[:LONGEST_NAME],
            utm_medium=medium[:LONGEST_NAME],
            utm_campaign=utm.get("utm_campaign", "")[:LONGEST_NAME],
            utm_term=utm.get("utm_term", "")[:LONGEST_NAME],
            utm_content=utm.get("utm_content", "")[:LONGEST_NAME],
            parameters=parameters_of(click.url, click.query, self._parameters),
            visitor=self._visitors.of(click.at, click.workspace, click.ip, click.user_agent),
            ip=self._keep_address(click.ip),
            enriched_by=self._enriched_by,
            keep_days=origin.keep_days.get(click.workspace, 0),
        )

    def _bot(self, click: Click, agent_says: str) -> tuple[str, str]:
        """Why the request is a program's, and which one's; both empty for a person's."""
        if agent_says:
            return (BY_USER_AGENT if click.user_agent.strip() else BY_NO_USER_AGENT), agent_says
        owner = self._data_centres.get(click.asn, "")
        return (BY_NETWORK, owner) if owner else ("", "")

    def _country(self, click: Click) -> tuple[str, str]:
        # XX is what Cloudflare says of an unknown country, T1 of Tor.
        if click.country and click.country != "XX":
            return click.country[:2].upper(), "edge"
        found = self._geo.country(click.ip) if click.ip else ""
        return found, "file" if found else ""


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
