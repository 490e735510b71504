"""A click by its number: where everything that is drawn comes together. load.sql says the same in SQL."""

import dataclasses
from functools import lru_cache
from typing import NamedTuple

from bench.click_generator.agents import AGENTS, Group
from bench.click_generator.draw import For, draw, fraction, key_of, spread, zipf
from bench.click_generator.places import PLACES
from bench.click_generator.rhythm import PLACE_SLOTS, Plan, hour_of_week, place_slots
from bench.click_generator.sources import CAMPAIGNS, QR_PERCENT, REFERERS, TRAFFIC
from shared.click_event import ClickEvent

SLOTS = 1024
LINKS_STEP = 1_000_000  # link ids of a workspace begin at its own multiple
RETURNING_PERCENT = 35
FEWEST_LINKS = 5
FEWEST_REGULARS = 20
HOUR_MS = 3_600_000
_NEW = 2**31  # numbers of visitors who come once begin here
_PLACE_STEP = 2**32

TRAFFIC_SLOTS = spread([each.weight for each in TRAFFIC], SLOTS)
REFERER_SLOTS = spread(list(REFERERS.values()), SLOTS)
CAMPAIGN_SLOTS = spread(list(CAMPAIGNS.values()), SLOTS)
AGENT_SLOTS = {
    group: spread([agent.weight if agent.group is group else 0 for agent in AGENTS], SLOTS) for group in Group
}
PLACE_SLOTS_OF_HOUR = place_slots()
_REFERERS = list(REFERERS)
_CAMPAIGNS = list(CAMPAIGNS)


@dataclasses.dataclass(frozen=True)
class Shape:
    """How much, when, and how skewed. The window begins with a whole hour of unix time."""

    seed: int = 1
    clicks: int = 1_000_000
    first_hour: int = 490_896  # 2026-01-01T00:00Z
    hours: int = 91 * 24
    workspaces: int = 200
    links: int = 20_000  # of the largest workspace; the n-th largest has an n-th of them
    regulars: int = 500  # people of each place who come back to the largest workspace; the n-th has an n-th of them


class Drawn(NamedTuple):
    """What is drawn of a click: indexes into the tables, ids and times."""

    at: int
    workspace: int
    rank: int
    place: int
    visitor: int
    traffic: int
    agent: int
    referer: int
    qr: bool


class Model:
    """The clicks of one shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.plan = Plan(shape.clicks, shape.first_hour, shape.hours)
        self._key = key_of(shape.seed)
        self._link = lru_cache(maxsize=100_000)(self._make_link)

    def draw(self, number: int) -> Drawn:
        """What is drawn of the click with a number from 0 to below `clicks`."""
        key, hour = self._key, self.plan.hour_of(number)
        place = PLACE_SLOTS_OF_HOUR[hour_of_week(hour)][draw(key, number, For.PLACE) % PLACE_SLOTS]
        workspace = zipf(draw(key, number, For.WORKSPACE), self.shape.workspaces)
        visitor = place * _PLACE_STEP + self._visitor(number, workspace)
        traffic = TRAFFIC_SLOTS[draw(key, number, For.TRAFFIC) % SLOTS]
        group = TRAFFIC[traffic].group
        who = visitor if group is Group.PERSON else number
        referer = REFERER_SLOTS[draw(key, number, For.REFERER) % SLOTS]
        return Drawn(
            at=hour * HOUR_MS + draw(key, number, For.TIME) % HOUR_MS,
            workspace=workspace,
            rank=zipf(draw(key, number, For.LINK), self.links_of(workspace)),
            place=place,
            visitor=visitor,
            traffic=traffic,
            agent=AGENT_SLOTS[group][draw(key, who, For.AGENT) % SLOTS],
            referer=referer,
            qr=not _REFERERS[referer] and draw(key, number, For.QR) % 100 < QR_PERCENT,
        )

    def links_of(self, workspace: int) -> int:
        """How many links a workspace has; its n-th largest has the n-th part of the largest's."""
        return max(FEWEST_LINKS, self.shape.links // workspace)

    def event(self, number: int) -> ClickEvent:
        """The click as the edge would send it."""
        drawn = self.draw(number)
        place = PLACES[drawn.place]
        link, code, url = self._link(drawn.workspace, drawn.rank)
        event: ClickEvent = {
            "id": f"{self.shape.seed}-{number}",
            "at": drawn.at,
            "link": link,
            "workspace": drawn.workspace,
            "version": 1,
            "domain": domain_of(drawn.workspace),
            "code": code,
            "url": url,
            "ip": self._address(drawn.visitor),
            "user_agent": AGENTS[drawn.agent].header,
            "language": f"{place.language},en;q=0.8",
            "country": place.country,
            "region": place.region,
            "city": place.city,
            "continent": place.continent,
            "latitude": place.latitude,
            "longitude": place.longitude,
            "timezone": place.timezone,
            "asn": place.asn,
            "network": place.network,
        }
        if kind := TRAFFIC[drawn.traffic].kind.replace("click", ""):
            event["kind"] = kind
        if referer := _REFERERS[drawn.referer]:
            event["referer"] = referer
        if drawn.qr:
            event["trigger"] = "qr"
        return event

    def _visitor(self, number: int, workspace: int) -> int:
        if draw(self._key, number, For.RETURNING) % 100 >= RETURNING_PERCENT:
            return _NEW + number
        # Squared: the first ones of the regulars come most.
        share = fraction(draw(self._key, number, For.VISITOR))
        return int(max(FEWEST_REGULARS, self.shape.regulars // workspace) * (share * share))

    def _address(self, visitor: int) -> str:
        drawn = draw(self._key, visitor, For.ADDRESS)
        return f"10.{drawn & 255}.{drawn >> 8 & 255}.{drawn >> 16 & 255}"

    def _make_link(self, workspace: int, rank: int) -> tuple[int, str, str]:
        link = workspace * LINKS_STEP + rank
        campaign = _CAMPAIGNS[CAMPAIGN_SLOTS[draw(self._key, link, For.CAMPAIGN) % SLOTS]]
        return link, str(link), f"https://shop{workspace}.example/p/{rank}{campaign}"


def domain_of(workspace: int) -> str:
    """The short domain of a workspace."""
    return f"go.shop{workspace}.example"
