"""The figures of a whole workspace."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.origin_fake import FakeOrigin
from tests.unit.dashboard.conftest import Reader
from tests.unit.dashboard.test_link import PARTIAL, chart_of, seen_of


@pytest.fixture
def furnished(origin: FakeOrigin) -> FakeOrigin:
    spring, autumn = (
        origin.add_link("https://example.com/a", "spring"),
        origin.add_link("https://example.com/b", "autumn"),
    )
    origin.click(spring, 5, country="DE", referer="news.example", device="Mobile")
    origin.click(autumn, 2, country="FR", city="Paris, Texas")
    origin.click(autumn, 4, country="FR", at=datetime.now(UTC) - timedelta(days=200))
    return origin


async def test_all_links_are_counted_together(furnished: FakeOrigin, reader: Reader) -> None:
    text = (await reader.get("/analytics")).text
    assert sum(chart_of(text)[1]) == 7
    for expected in (
        "localhost:8787/spring",
        "localhost:8787/autumn",
        "Germany",
        "France",
        "news.example",
        "Mobile",
        ">7</span>",
    ):
        assert expected in text
    assert text.index("localhost:8787/spring") < text.index("localhost:8787/autumn")


async def test_a_longer_time_has_more(furnished: FakeOrigin, reader: Reader) -> None:
    counts = [
        sum(chart_of((await reader.get(f"/analytics?range={each}")).text)[1])
        for each in ("24h", "90d", "1y", "all", "x")
    ]
    assert counts == [7, 7, 11, 11, 7]


async def test_a_row_shows_its_clicks_alone(furnished: FakeOrigin, reader: Reader) -> None:
    text = (await reader.get("/analytics?range=1y")).text
    assert 'href="/analytics?range=1y&amp;country=FR"' in text
    alone = (await reader.get("/analytics?range=1y&country=FR")).text
    assert sum(chart_of(alone)[1]) == 6
    assert 'aria-label="Without the filter Countries: France"' in alone
    assert "localhost:8787/spring" not in alone
    link_id = next(each["id"] for each in furnished.links.values() if each["key"] == "autumn")
    both = (await reader.get(f"/analytics?range=7d&country=FR&linkId={link_id}")).text
    assert sum(chart_of(both)[1]) == 2
    assert "localhost:8787/autumn" in both


async def test_a_value_that_would_mean_several_is_no_filter(furnished: FakeOrigin, reader: Reader) -> None:
    text = (await reader.get("/analytics")).text
    assert "Paris, Texas" in text
    assert "city=Paris" not in text
    assert sum(chart_of((await reader.get("/analytics?city=Paris,+Texas&country=-FR")).text)[1]) == 7


async def test_nothing_is_sent_again_until_something_changes(furnished: FakeOrigin, reader: Reader) -> None:
    seen = seen_of((await reader.get("/analytics")).text)
    assert (await reader.get(f"/analytics?range=7d&seen={seen}", headers=PARTIAL)).status_code == 204
    furnished.click(next(iter(furnished.links.values())))
    changed = await reader.get(f"/analytics?range=7d&seen={seen}", headers=PARTIAL)
    assert "<html" not in changed.text
    assert sum(chart_of(changed.text)[1]) == 8


async def test_a_link_of_nobody_is_not_found(reader: Reader) -> None:
    assert (await reader.get("/analytics?linkId=link_999")).status_code == 404
