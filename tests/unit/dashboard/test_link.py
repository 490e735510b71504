"""A link's own page: what it asks for, what it shows, and when it changes."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.origin_fake import FakeOrigin
from tests.unit.dashboard.conftest import Reader

PARTIAL = {"HX-Request": "true"}


def chart_of(text: str) -> list[list[int]]:
    columns: list[list[int]] = json.loads(text.split('type="application/json">')[1].partition("</script>")[0])
    return columns


def seen_of(text: str) -> str:
    return text.split('name="seen" value="')[1].partition('"')[0]


async def test_clicks_are_shown_over_time_and_by_where_they_came_from(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/", "code")
    origin.click(link, 3, country="DE", referer="news.example", browser="Firefox", device="Mobile")
    origin.click(link, 1, country="", at=datetime.now(UTC) - timedelta(days=2))
    text = (await reader.get(f"/links/{link['id']}")).text
    assert sum(chart_of(text)[1]) == 4
    assert '<span id="count"' in text
    for expected in (
        ">4</span>",
        "Germany",
        "flags/DE.svg",
        "Unknown",
        "news.example",
        "Direct, or not told",
        "Firefox",
        "Mobile",
    ):
        assert expected in text


async def test_where_no_visitors_country_is_known_the_page_says_why(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/")
    origin.click(link, 1, country="")
    assert "Cloudflare&#39;s network tells" in (await reader.get(f"/links/{link['id']}")).text.replace("'", "&#39;")
    origin.click(link, 1, country="DE")
    assert "network tells" not in (await reader.get(f"/links/{link['id']}")).text


async def test_the_range_is_the_readers(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/")
    origin.click(link, 2)
    origin.click(link, 5, at=datetime.now(UTC) - timedelta(days=20))
    sums = {}
    for interval in ("24h", "7d", "30d", "90d", "nonsense"):
        sums[interval] = sum(chart_of((await reader.get(f"/links/{link['id']}?range={interval}")).text)[1])
    assert sums == {"24h": 2, "7d": 2, "30d": 7, "90d": 7, "nonsense": 2}


@pytest.mark.parametrize(
    ("cookie", "zone"),
    [("Asia%2FTokyo", "Asia/Tokyo"), ("", "UTC"), ("..%2F..%2Fetc%2Fpasswd", "UTC"), ("%00", "UTC"), ("Europe", "UTC")],
)
async def test_days_are_those_of_the_browsers_time_zone(
    origin: FakeOrigin, reader: Reader, cookie: str, zone: str
) -> None:
    link = origin.add_link("https://example.com/")
    reader.http.cookies.set("zone", cookie)
    text = (await reader.get(f"/links/{link['id']}?range=30d")).text
    assert f'data-zone="{zone}"' in text
    midnight = 15 * 3600 if zone == "Asia/Tokyo" else 0
    assert {start % 86400 for start in chart_of(text)[0]} == {midnight}


async def test_nothing_is_sent_again_until_something_changes(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/")
    address = f"/links/{link['id']}?range=7d"
    seen = seen_of((await reader.get(address)).text)
    unchanged = await reader.get(f"{address}&seen={seen}", headers=PARTIAL)
    assert (unchanged.status_code, unchanged.text) == (204, "")
    origin.click(link)
    changed = await reader.get(f"{address}&seen={seen}", headers=PARTIAL)
    assert changed.status_code == 200
    assert "<html" not in changed.text
    assert sum(chart_of(changed.text)[1]) == 1


async def test_the_state_at_the_edge_is_shown_and_followed(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/")
    address = f"/links/{link['id']}?range=7d"
    text = (await reader.get(address)).text
    assert "On its way to the edge" in text
    link["edge"] = {"state": "live"}
    assert "Live at the edge" in (await reader.get(f"{address}&seen={seen_of(text)}", headers=PARTIAL)).text


async def test_requests_that_were_not_counted_are_told_and_followed(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/")
    address = f"/links/{link['id']}?range=7d"
    text = (await reader.get(address)).text
    assert "not counted" not in text
    origin.analytics.uncounted = {"bots": 1}
    text = (await reader.get(f"{address}&seen={seen_of(text)}", headers=PARTIAL)).text
    assert "1 request not counted: 1 bot." in text
    origin.analytics.uncounted = {"bots": 1200, "heads": 1}
    answer = await reader.http.get(
        f"/links/{link['id']}", params={"range": "7d", "seen": seen_of(text)}, headers=PARTIAL
    )
    assert "1,201 requests not counted: 1,200 bots, 1 HEAD request." in answer.text


@pytest.mark.parametrize(("kind", "media_type"), [("png", "image/png"), ("svg", "image/svg+xml")])
async def test_the_qr_code_is_shown_and_downloaded(
    origin: FakeOrigin, reader: Reader, kind: str, media_type: str
) -> None:
    link = origin.add_link("https://example.com/", "é/code")
    answer = await reader.get(f"/links/{link['id']}/qr.{kind}")
    assert answer.headers["content-type"].startswith(media_type)
    assert "content-disposition" not in answer.headers
    answer = await reader.get(f"/links/{link['id']}/qr.{kind}?download")
    assert answer.headers["content-disposition"] == f'attachment; filename="--code.{kind}"'


async def test_there_is_no_other_kind_of_qr_code(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/")
    assert (await reader.get(f"/links/{link['id']}/qr.exe")).status_code == 404


async def test_each_part_of_all_requests_leads_to_its_events(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/")
    origin.click(link, 6)
    origin.analytics.uncounted = {"bots": 3, "heads": 1}
    text = (await reader.get(f"/links/{link['id']}?range=30d&country=DE")).text
    breakdown = text[text.index('id="accounting"') :].partition("</details>")[0]
    assert "Each of the 10 requests" in breakdown
    hrefs = [part.partition('"')[0].replace("&amp;", "&") for part in breakdown.split('<a href="')[1:]]
    base = f"/events?range=30d&country=DE&linkId={link['id']}"
    assert hrefs == [base, f"{base}&kind=bot", f"{base}&kind=head"]
    assert [each in breakdown for each in ("60.0 %", "30.0 %", "10.0 %")] == [True] * 3
    assert (await reader.get(hrefs[0])).text.count('<li class="event" ') == 6
