"""Where people come from, on a map: a dot a city, its area by the clicks from there."""

import math
from typing import NamedTuple

from dashboard.analytics_types import Place
from dashboard.dimensions import CITIES
from dashboard.formats import country_name
from dashboard.measures import WORDS
from dashboard.question import Question

# What the map shows, as world.svg draws it: degrees east from -180, and degrees south from the northern edge.
WIDTH, NORTH, SOUTH = 360, 80, -58
HEIGHT = NORTH - SOUTH
_LARGEST, _SMALLEST = 6.5, 1.1


class Dot(NamedTuple):
    """A city on the map; `url` narrows the page down to it."""

    x: float
    y: float
    radius: float
    text: str
    url: str


def dots(question: Question, places: list[Place]) -> list[Dot]:
    """The largest first, so that the small ones lie on top of them."""
    here = [each for each in places if SOUTH < each.latitude < NORTH and each.of(question.measure)]
    here.sort(key=lambda each: -each.of(question.measure))
    most = here[0].of(question.measure) if here else 1
    return [_dot(question, each, most) for each in here]


def _dot(question: Question, place: Place, most: int) -> Dot:
    count = place.of(question.measure)
    values = {"country": place.country, "region": place.region, "city": place.city}
    where = ", ".join(each for each in (place.city, country_name(place.country)) if each)
    return Dot(
        round(place.longitude + WIDTH / 2, 1),
        round(NORTH - place.latitude, 1),
        round(max(_SMALLEST, _LARGEST * math.sqrt(count / most)), 2),
        f"{where}: {count:,} {WORDS[question.measure][count != 1]}",
        question.alone(CITIES, values),
    )
