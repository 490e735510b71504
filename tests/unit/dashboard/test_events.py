"""The events behind the figures: the list, its pages, files, and the feed."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn

from dashboard.__main__ import Server
from dashboard.downloads import download
from dashboard.event_feed import Feeds
from dashboard.origin_fake import FakeOrigin
from tests.unit.dashboard.conftest import Reader


@pytest.fixture
def link(origin: FakeOrigin) -> dict[str, Any]:
    return origin.add_link("https://example.com/", "spring")


def times(text: str) -> int:
    return text.count('<li class="event" ')


async def test_clicks_are_listed_the_newest_first(origin: FakeOrigin, reader: Reader, link: dict[str, Any]) -> None:
    origin.click(link, country="FR", city="Paris", at=datetime.now(UTC) - timedelta(hours=2))
    origin.click(link, country="DE", city="Berlin", referer="news.example", browser="Firefox", os="Linux")
    text = (await reader.get("/events")).text
    assert times(text) == 2
    assert text.index("Berlin") < text.index("Paris")
    for expected in ("localhost:8787/spring", "news.example", "Firefox on Linux", "flags/DE.svg", "click-2"):
        assert expected in text


@pytest.mark.parametrize(
    ("kind", "shown"), [("", 3), ("bot", 1), ("preview", 0), ("all", 4), ("lead", 2), ("sale", 1), ("nonsense", 3)]
)
async def test_each_kind_has_a_list(
    origin: FakeOrigin, reader: Reader, link: dict[str, Any], kind: str, shown: int
) -> None:
    origin.click(link)
    origin.click(link, leads=1)
    origin.click(link, leads=1, amount=4900, currency="eur")
    origin.click(link, verdict="bot", bot_name="GPTBot")
    text = (await reader.get(f"/events?kind={kind}")).text
    assert times(text) == shown
    assert ("GPTBot" in text) == (kind in ("bot", "all"))
    assert ("49.00 EUR" in text) == (kind == "sale")


async def test_an_event_opens_to_all_that_is_known_of_it(
    origin: FakeOrigin, reader: Reader, link: dict[str, Any]
) -> None:
    more: dict[str, Any] = {
        "browser_version": "123.4",
        "query": "coupon=x7",
        "utm_campaign": "sale-26",
        "utm_term": "shoes",
    }
    origin.click(link, variant=0, rule=1, device_brand="Fairphone", verdict="bot", bot_reason="data centre", **more)
    text = (await reader.get("/events?kind=bot")).text.replace("&amp;", "&")
    told = (*more.values(), "Fairphone", "Europe", "Rule 2", "data centre", "Example Net", "Blink")
    assert [each for each in told if each not in text] == []
    for alone in (f"variant=0&linkId={link['id']}", "utm_campaign=sale-26", "deviceBrand=Fairphone", "engine=Blink"):
        assert alone in text, alone


async def test_a_sale_opens_to_what_was_paid_and_when_its_click_was(
    origin: FakeOrigin, reader: Reader, link: dict[str, Any]
) -> None:
    origin.click(link, leads=1, amount=4900, currency="eur", at=datetime.now(UTC) - timedelta(days=1))
    text = (await reader.get("/events?kind=sale")).text
    for told in ("Amount", "49.00 EUR", "inv_7", "stripe", "First sale", "Clicked"):
        assert told in text, told


async def test_a_page_leads_to_the_next_one_with_all_that_was_chosen(
    origin: FakeOrigin, reader: Reader, link: dict[str, Any]
) -> None:
    origin.click(link, 70, country="FR")
    origin.click(link, 5, country="DE")
    first = (await reader.get("/events?range=30d&country=FR")).text
    assert times(first) == 50
    older = "/events?range=30d&amp;country=FR&amp;cursor=50"
    assert f'href="{older}"' in first
    second = (await reader.get(older.replace("&amp;", "&"))).text
    assert times(second) == 20
    assert "cursor=" not in second
    assert 'href="/events?range=30d&amp;country=FR"' in second  # back to the newest


async def test_a_cursor_that_is_none_is_told(reader: Reader, link: dict[str, Any]) -> None:
    answer = await reader.get("/events?cursor=x")
    assert answer.status_code == 422
    assert "its cursor was cut off or changed" in answer.text


async def test_the_apis_words_choose_the_same_events(origin: FakeOrigin, reader: Reader, link: dict[str, Any]) -> None:
    origin.click(link, 2, verdict="bot")
    origin.click(link, 1, leads=1, at=datetime.now(UTC) - timedelta(days=20))
    assert times((await reader.get("/events?verdict=bot")).text) == 2
    assert times((await reader.get("/events?event=leads&interval=30d")).text) == 1
    assert "There is no kind of event “robot”." in (await reader.get("/events?verdict=robot")).text


async def test_a_file_is_of_what_was_asked_for_or_there_is_none(
    origin: FakeOrigin, reader: Reader, link: dict[str, Any]
) -> None:
    origin.click(link, browser="Firefox")
    answer = await reader.get("/events.csv?from=2026-11-26&to=2026-11-20")
    assert (answer.status_code, answer.headers["location"]) == (303, "/events?from=2026-11-26&to=2026-11-20")
    assert "is after the last one, 20 Nov 2026." in (await reader.get(answer.headers["location"])).text
    assert len((await reader.get("/events.csv?field=browser&value=firefox")).text.splitlines()) == 2


async def test_an_event_leads_to_those_of_its_page_and_to_those_of_its_referrer(
    origin: FakeOrigin, reader: Reader, link: dict[str, Any]
) -> None:
    origin.click(link, referer="news.example", referer_url="https://news.example/a")
    origin.click(link, referer="news.example", referer_url="https://news.example/b")
    text = (await reader.get("/events")).text
    assert 'href="/events?range=7d&amp;referer=news.example"' in text
    assert 'href="/events?range=7d&amp;refererUrl=https%3A%2F%2Fnews.example%2Fa"' in text
    assert times((await reader.get("/events?refererUrl=https://news.example/a")).text) == 1


async def test_the_filter_offers_what_the_list_shows(origin: FakeOrigin, reader: Reader, link: dict[str, Any]) -> None:
    origin.click(link, city="Köln")
    text = (await reader.get("/events")).text
    assert '<option value="Köln">City</option>' in text
    assert '<option value="Germany">Country</option>' in text
    assert "No click in the last 7 days has “Bonn” as its city." in (await reader.get("/events?city=Bonn")).text


async def test_where_nothing_fits_the_page_says_so_and_offers_more(reader: Reader, link: dict[str, Any]) -> None:
    text = (await reader.get("/events?kind=sale&country=DE")).text
    assert "No such events in the last 7 days with these filters." in text
    assert 'href="/events?range=7d&amp;country=DE&amp;kind=all"' in text


async def test_what_visitors_send_is_text(origin: FakeOrigin, reader: Reader, link: dict[str, Any]) -> None:
    origin.click(link, referer="<script>alert(1)</script>", city="<b>", bot_name="<i>", verdict="bot")
    text = (await reader.get("/events?kind=all")).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<b>" not in text


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_an_export_has_the_pages_range_filters_and_kind(
    origin: FakeOrigin, reader: Reader, link: dict[str, Any], kind: str
) -> None:
    origin.click(link, 60, country="FR")
    origin.click(link, 2, country="DE")
    origin.click(link, 4, country="FR", at=datetime.now(UTC) - timedelta(days=20))
    answer = await reader.get(f"/events.{kind}?range=7d&country=FR")
    assert answer.headers["content-disposition"] == f'attachment; filename="click-events.{kind}"'
    lines = answer.text.splitlines()
    assert len(lines) == 60 + (kind == "csv")
    assert "DE" not in answer.text
    page = (await reader.get("/events?range=7d&country=FR&kind=bot")).text
    assert f'href="/events.{kind}?range=7d&amp;country=FR&amp;kind=bot"' in page


async def test_there_is_no_other_kind_of_file(reader: Reader) -> None:
    assert (await reader.get("/events.exe")).status_code == 404


async def test_nobody_reads_events_without_logging_in(stranger: Reader) -> None:
    for path in ("/events", "/events.csv", "/events/live", "/links.csv"):
        assert (await stranger.get(path)).status_code == 303


async def test_the_feed_has_rows_of_what_the_page_is_about(
    origin: FakeOrigin, reader: Reader, link: dict[str, Any]
) -> None:
    other = origin.add_link("https://example.com/2", "autumn")
    origin.click(link, at=datetime.now(UTC) - timedelta(minutes=1))
    began = await reader.get(f"/events/live?linkId={link['id']}")
    assert began.headers["content-type"].startswith("text/event-stream")
    assert began.text == "retry: 200\n\n"
    origin.click(link, city="Paris")
    origin.click(other, city="Rome")
    origin.click(link, city="Oslo", verdict="bot")
    ago = (datetime.now(UTC) - timedelta(seconds=30)).timestamp()
    headers = {"Last-Event-ID": f"{ago * 1000:.0f}-click-1"}
    text = (await reader.get(f"/events/live?linkId={link['id']}", headers=headers)).text
    resumed = await reader.get(f"/events/live?linkId={link['id']}&after={ago * 1000:.0f}")
    assert resumed.text == text
    assert text.count("event: row") == 1
    assert "Paris" in text
    assert "Rome" not in text
    assert "Oslo" not in text
    assert "-click-4\n" in text  # to go on after what was left out
    assert all(line.split(":")[0] in {"", "id", "event", "data", "retry"} for line in text.splitlines())


async def test_a_filter_that_events_do_not_tell_of_has_no_feed(reader: Reader, link: dict[str, Any]) -> None:
    assert "data-live=" in (await reader.get("/events?country=DE")).text
    assert "data-live=" not in (await reader.get("/events?utm_source=mail")).text


async def test_the_links_of_a_list_are_a_file(origin: FakeOrigin, reader: Reader) -> None:
    for number in range(230):
        origin.add_link(f"https://example.com/{number}", f"k{number}", title="=1+1" if number == 7 else "")
    answer = await reader.get("/links.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="links.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["url"] for row in rows} == {f"https://example.com/{number}" for number in range(230)}
    assert len(rows) == 230
    assert next(row["title"] for row in rows if row["short_link"].endswith("/k7")) == "'=1+1"
    assert len(list(csv.DictReader(io.StringIO((await reader.get("/links.csv?search=k22")).text)))) == 11
    assert 'href="/links.csv?search=k22"' in (await reader.get("/links?search=k22")).text


async def test_the_feed_leaves_out_what_the_page_does(origin: FakeOrigin, reader: Reader, link: dict[str, Any]) -> None:
    origin.click(link)
    origin.click(link, country="FR", city="Paris")
    origin.click(link, country="IT", city="Rome")
    text = (await reader.get("/events/live?country=FR&not=country", headers={"Last-Event-ID": "1"})).text
    assert "Rome" in text
    assert "Paris" not in text


async def test_line_ends_of_other_scripts_do_not_break_the_feed(
    origin: FakeOrigin, reader: Reader, link: dict[str, Any]
) -> None:
    for end in ("\u2028", "\u2029", "\x85"):
        origin.click(link, city=f"Par{end}is")
    origin.click(link, city="Oslo")
    text = (await reader.get("/events/live", headers={"Last-Event-ID": "1"})).text
    assert text.count("event: row") == 4
    assert "Oslo" in text


async def test_an_export_too_many_says_so_instead_of_that_origin_is_away(
    origin: FakeOrigin, reader: Reader, link: dict[str, Any]
) -> None:
    origin.analytics.events.busy = True
    answer = await reader.get("/events.csv")
    assert answer.status_code == 503
    assert "try again when one has ended" in answer.text
    assert "does not answer" not in answer.text
    # A link that downloads would save that page, or the one to log in, in the file's place.
    assert " download " not in (await reader.get("/events")).text


async def test_a_refused_list_of_links_is_a_page_and_no_broken_file(origin: FakeOrigin, reader: Reader) -> None:
    origin.down = True
    answer = await reader.get("/links.csv")
    assert answer.status_code == 503
    assert "content-disposition" not in answer.headers


async def test_a_long_list_of_links_is_saved_whole_though_origin_asks_to_wait(
    origin: FakeOrigin, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.links_file.WAIT_SECONDS", 0)
    for number in range(230):
        origin.add_link(f"https://example.com/{number}", f"k{number}")
    origin.tired = {2, 3}
    assert len((await reader.get("/links.csv")).text.splitlines()) == 231


async def test_who_leaves_before_the_first_byte_frees_what_origin_sends() -> None:
    closed = asyncio.Event()

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b"x"

        async def aclose(self) -> None:
            await asyncio.sleep(0)  # as a connection does
            closed.set()

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def stuck(message: object) -> None:
        del message
        await asyncio.Event().wait()

    response = download(httpx.Response(200, stream=Endless()), "events.csv")
    await response({"type": "http", "asgi": {"spec_version": "2.3"}}, gone, stuck)
    assert closed.is_set()


@pytest.mark.parametrize("after", ["x", "1%0A2", "%C3%A9", "9" * 16, "1-" + "a" * 101])
async def test_a_place_in_the_feed_that_is_none_is_left_out(reader: Reader, link: dict[str, Any], after: str) -> None:
    assert (await reader.get(f"/events/live?after={after}")).text == "retry: 200\n\n"


async def test_the_feed_has_several_values(origin: FakeOrigin, reader: Reader, link: dict[str, Any]) -> None:
    for country, city in (("FR", "Paris"), ("IT", "Rome"), ("NO", "Oslo")):
        origin.click(link, country=country, city=city)
    text = (await reader.get("/events/live?country=FR,IT&after=1")).text
    assert [city in text for city in ("Paris", "Rome", "Oslo")] == [True, True, False]


async def test_the_end_of_the_dashboard_ends_its_live_lists() -> None:
    class Silent(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b": still here\n\n"
            await asyncio.Event().wait()

    feeds, read = Feeds(), asyncio.Event()

    async def listen() -> list[bytes]:
        found = []
        async for part in feeds.parts(httpx.Response(200, stream=Silent())):
            found.append(part)
            read.set()
        return found

    listening = asyncio.create_task(listen())
    await read.wait()
    server = Server(uvicorn.Config(FakeOrigin().app, port=0, log_level="error"), feeds)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    assert not listening.done()
    server.should_exit = True
    await asyncio.wait_for(serving, 20)
    assert await asyncio.wait_for(listening, 20) == [b": still here\n\n"]
    assert await listen() == []  # one that was on its way
