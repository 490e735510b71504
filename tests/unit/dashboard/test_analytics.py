"""The figures of a whole workspace."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from starlette.datastructures import QueryParams

from dashboard.origin_fake import FakeOrigin
from dashboard.question import Question
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


async def test_a_workspace_without_clicks_is_told_what_to_do_next(origin: FakeOrigin, reader: Reader) -> None:
    text = (await reader.get("/analytics")).text
    assert ("Nothing to count yet" in text, "Make a link" in text, "Hours of the week" in text) == (True, True, False)
    link = origin.add_link("https://example.com/")
    assert "Waiting for the first click" in (await reader.get("/analytics")).text
    origin.click(link, at=datetime.now(UTC) - timedelta(days=200))
    assert "Waiting for the first click" not in (await reader.get("/analytics")).text


async def test_regions_are_told_apart_by_their_countries(furnished: FakeOrigin, reader: Reader) -> None:
    link = next(iter(furnished.links.values()))
    furnished.click(link, country="JP", region="13")
    text = (await reader.get("/analytics?places=regions")).text
    assert "Region 13" in text
    assert '<span class="truncate text-muted">Japan</span>' in text
    typed = (await reader.get("/analytics?field=region&value=Region+13")).text
    assert sum(chart_of(typed)[1]) == 1


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
    assert 'aria-label="Without the filter Country: France"' in alone
    assert "localhost:8787/spring" not in alone
    link_id = next(each["id"] for each in furnished.links.values() if each["key"] == "autumn")
    both = (await reader.get(f"/analytics?range=7d&country=FR&linkId={link_id}")).text
    assert sum(chart_of(both)[1]) == 2
    assert "localhost:8787/autumn" in both


async def test_a_value_that_would_mean_several_is_no_filter(furnished: FakeOrigin, reader: Reader) -> None:
    text = (await reader.get("/analytics")).text
    assert "Paris, Texas" in text
    assert "city=Paris" not in text
    assert sum(chart_of((await reader.get("/analytics?linkId=a,b&country=-FR&device=,")).text)[1]) == 7


async def test_nothing_is_sent_again_until_something_changes(furnished: FakeOrigin, reader: Reader) -> None:
    seen = seen_of((await reader.get("/analytics")).text)
    assert (await reader.get(f"/analytics?range=7d&seen={seen}", headers=PARTIAL)).status_code == 204
    furnished.click(next(iter(furnished.links.values())))
    changed = await reader.get(f"/analytics?range=7d&seen={seen}", headers=PARTIAL)
    assert "<html" not in changed.text
    assert sum(chart_of(changed.text)[1]) == 8


async def test_a_link_of_nobody_is_not_found(reader: Reader) -> None:
    assert (await reader.get("/analytics?linkId=link_999")).status_code == 404


async def test_leads_and_sales_show_where_there_are_any_with_revenue_by_currency(
    furnished: FakeOrigin, reader: Reader
) -> None:
    text = (await reader.get("/analytics")).text
    assert "measure=leads" not in text
    link = next(iter(furnished.links.values()))
    furnished.click(link, 2, leads=1, amount=4900, currency="eur", country="JP")
    furnished.click(link, 1, amount=500, currency="jpy", country="JP")
    text = (await reader.get("/analytics")).text
    assert "98.00 EUR + 500 JPY" in text
    by_sales = (await reader.get("/analytics?measure=sales&range=7d")).text
    assert sum(chart_of(by_sales)[1]) == 3
    assert 'aria-label="Chart of the sales over time' in by_sales
    assert 'href="/analytics?range=7d&amp;measure=sales&amp;country=JP"' in by_sales


async def test_the_period_before_is_compared(furnished: FakeOrigin, reader: Reader) -> None:
    link = next(iter(furnished.links.values()))
    furnished.click(link, 14, at=datetime.now(UTC) - timedelta(days=10))
    text = (await reader.get("/analytics?range=7d")).text
    assert "\N{MINUS SIGN}50 %" in text
    assert "14 clicks in the period before" in text
    assert sum(chart_of(text)[2]) == 14
    assert len(chart_of((await reader.get("/analytics?range=all")).text)) == 2  # there is no time before


async def test_days_can_be_chosen(furnished: FakeOrigin, reader: Reader) -> None:
    day = (datetime.now(UTC) - timedelta(days=200)).date()
    text = (await reader.get(f"/analytics?from={day}&to={day}")).text
    assert sum(chart_of(text)[1]) == 4
    assert f"On {day:%-d %b %Y}".lower() in text.lower()
    assert f'name="from" value="{day}"' in text  # kept by the other forms
    assert sum(chart_of((await reader.get("/analytics?from=9000-01-01")).text)[1]) == 0
    for nonsense in (
        "from=x",
        "from=1990-01-01",
        "city=%20",
        "city=%00",
        "from=0001-01-01&to=9999-12-31",
        "to=2026-01-01",
    ):
        assert sum(chart_of((await reader.get(f"/analytics?{nonsense}")).text)[1]) == 7


async def test_what_a_list_has_no_place_for_is_added_up(furnished: FakeOrigin, reader: Reader) -> None:
    link = next(iter(furnished.links.values()))
    for number in range(12):
        furnished.click(link, 1, referer=f"site{number}.example")
    text = (await reader.get("/analytics")).text
    assert "All others" in text
    assert "referer=%28other%29" not in text


async def test_a_card_shows_another_list_and_keeps_the_rest(furnished: FakeOrigin, reader: Reader) -> None:
    text = (await reader.get("/analytics?range=30d&places=languages&country=FR")).text
    assert 'aria-label="Languages"' in text
    assert 'href="/analytics?range=30d&amp;country=FR#card-places"' in text  # back to countries
    assert 'href="/analytics?range=30d&amp;country=FR&amp;places=languages&amp;sources=channels#card-sources"' in text
    assert 'aria-label="Countries"' in (await reader.get("/analytics?places=nonsense")).text


async def test_a_city_is_on_the_map_and_its_hour_in_the_week(furnished: FakeOrigin, reader: Reader) -> None:
    text = (await reader.get("/analytics")).text
    assert '<circle class="map-dot" cx="193.4" cy="27.5"' in text
    assert "Berlin, Germany: 5 clicks" in text
    now = datetime.now(UTC)
    assert f"{now:%A} {now:%H}:00: 7 clicks" in text
    assert f"Most clicks: {now:%A} between {now:%H}:00" in text


async def test_a_filter_is_typed(furnished: FakeOrigin, reader: Reader) -> None:
    for value in ("France", "fr", " FR "):
        text = (await reader.get("/analytics", params={"field": "country", "value": value, "device": "Desktop"})).text
        assert sum(chart_of(text)[1]) == 2
        assert 'aria-label="Without the filter Country: France"' in text
        assert 'aria-label="Without the filter Device: Desktop"' in text
    for field in ("linkid", "interval", "query"):
        assert sum(chart_of((await reader.get(f"/analytics?field={field}&value=x")).text)[1]) == 7


async def test_a_filter_can_leave_its_value_out(furnished: FakeOrigin, reader: Reader) -> None:
    text = (await reader.get("/analytics?country=FR")).text
    assert 'href="/analytics?range=7d&amp;country=FR&amp;not=country"' in text
    without = (await reader.get("/analytics?range=7d&country=FR&not=country")).text
    assert sum(chart_of(without)[1]) == 5
    assert "Country is not:" in without
    assert 'href="/events?range=7d&amp;country=FR&amp;not=country"' in without
    assert 'href="/analytics?range=7d&amp;country=DE"' in without  # a row is that row alone again
    assert 'href="/analytics?range=7d"' in without  # without the filter nothing is left of it
    typed = (await reader.get("/analytics?field=country&how=not&value=Germany&not=device")).text
    assert sum(chart_of(typed)[1]) == 2


async def test_leads_are_accounted_for_as_well(furnished: FakeOrigin, reader: Reader) -> None:
    link = next(iter(furnished.links.values()))
    furnished.click(link, 3, leads=1)
    assert "Why this number?" not in (await reader.get("/analytics?measure=leads")).text  # every one is counted
    furnished.analytics.unattributed = 1
    text = (await reader.get("/analytics?measure=leads")).text
    for expected in (
        "1 of 4 not counted.",
        "Each of the 4 leads",
        "Without a click",
        'href="/events?range=7d&amp;kind=lead"',
    ):
        assert expected in text, expected
    assert "Why this number?" not in (await reader.get("/analytics?measure=leads&country=DE")).text


async def test_those_that_are_not_counted_are_listed_page_by_page(furnished: FakeOrigin, reader: Reader) -> None:
    furnished.analytics.unattributed = 70
    text = (await reader.get("/analytics?measure=sales&range=30d")).text
    url = "/conversions?range=30d&measure=sales&outcome=unattributed"
    assert f'href="{url}"' in text.replace("&amp;", "&")
    first = (await reader.get(url)).text
    assert ("Order 50<" in first, "Order 51<" in first, "49.00 EUR" in first, "inv_1" in first) == (
        True,
        False,
        True,
        True,
    )
    second = (await reader.get(f"{url}&after=evt_50")).text
    assert f"{url}&after=evt_50" in first.replace("&amp;", "&")
    assert ("Order 50<" in second, "Order 70<" in second, "Older" in second) == (False, True, False)
    assert "There are none" in (await reader.get(url.replace("unattributed", "pending"))).text


@pytest.mark.parametrize("query", ["", "measure=sales", "outcome=pending", "measure=leads&outcome=pending&after=x"])
async def test_a_list_of_nothing_that_there_is_is_not_found(reader: Reader, query: str) -> None:
    assert (await reader.get(f"/conversions?{query}")).status_code == 404


async def test_an_address_that_is_none_breaks_no_page(furnished: FakeOrigin, reader: Reader) -> None:
    furnished.click(next(iter(furnished.links.values())), referer_url="http://[")
    assert "refererUrl=http%3A%2F%2F%5B" in (await reader.get("/analytics?sources=referer_urls")).text


@pytest.mark.parametrize(
    ("field", "typed", "clicks"),
    [("continent", "europe", 7), ("channel", "Direct", 7), ("trigger", "qr code", 2), ("variant", "b", 3)],
)
async def test_a_filter_is_typed_as_the_page_shows_it(
    furnished: FakeOrigin, reader: Reader, field: str, typed: str, clicks: int
) -> None:
    link = next(iter(furnished.links.values()))
    furnished.click(link, 2, trigger="qr", continent="AS", channel="email")
    furnished.click(link, 3, variant=1, continent="AS", channel="email")
    text = (await reader.get("/analytics", params={"field": field, "value": typed})).text
    assert sum(chart_of(text)[1]) == clicks


async def test_a_filter_takes_several_values_as_the_api_does(furnished: FakeOrigin, reader: Reader) -> None:
    furnished.click(next(iter(furnished.links.values())), 3, country="JP")
    text = (await reader.get("/analytics?country=DE,JP")).text
    assert sum(chart_of(text)[1]) == 8
    assert "Country:</span> Germany or Japan" in text
    assert sum(chart_of((await reader.get("/analytics?country=DE,JP&not=country")).text)[1]) == 2
    typed = await reader.get(
        "/analytics", params={"country": "DE", "field": "country", "value": "japan, France,Germany"}
    )
    assert sum(chart_of(typed.text)[1]) == 10
    assert 'name="country" value="DE,JP,FR"' in typed.text
    other = await reader.get("/analytics?country=DE&field=country&value=FR&how=not")
    assert sum(chart_of(other.text)[1]) == 8  # another way round it stands alone


def test_a_day_that_has_not_begun_where_the_reader_is_has_an_end_that_origin_takes() -> None:
    far_west = timezone(-timedelta(hours=23, minutes=59))
    today = (datetime.now(UTC) + timedelta(minutes=2)).date()
    params = Question.of("/analytics", QueryParams(f"from={today}")).params(far_west)
    assert params["end"] == f"{today + timedelta(days=1)}T00:00:00-23:59"
    assert "end" not in Question.of("/analytics", QueryParams(f"from={today - timedelta(days=3)}")).params(far_west)


@pytest.mark.parametrize(
    ("field", "typed", "shown"),
    [
        ("browser", "chrome", "Browser: Chrome"),
        ("city", "köln", "City: Köln"),
        ("region", "nw", "Region: NW"),
        ("referer", "direct, or not told", "Referrer: Direct, or not told"),
    ],
)
async def test_a_filter_finds_what_clicks_have_whatever_its_case(
    furnished: FakeOrigin, reader: Reader, field: str, typed: str, shown: str
) -> None:
    link = next(iter(furnished.links.values()))
    furnished.click(link, 3, city="Köln", region="NW")
    text = (await reader.get("/analytics", params={"field": field, "value": typed})).text
    assert f'aria-label="Without the filter {shown}"' in text
    assert sum(chart_of(text)[1]) >= 3
    assert 'role="status" aria-label="Notes"' not in text


async def test_a_value_that_no_click_has_is_told(furnished: FakeOrigin, reader: Reader) -> None:
    for query in ("field=browser&value=crome", "browser=crome"):
        text = (await reader.get(f"/analytics?{query}")).text
        assert "No click in the last 7 days has “crome” as its browser." in text
    link = next(iter(furnished.links.values()))
    assert "as its browser." in (await reader.get(f"/links/{link['id']}?browser=crome")).text
    assert "as its" not in (await reader.get("/analytics?browser=Chrome&country=FR&device=Mobile&not=country")).text


async def test_the_filter_offers_what_the_lists_show(furnished: FakeOrigin, reader: Reader) -> None:
    text = (await reader.get("/analytics?sources=channels")).text
    for value, title in (("Germany", "Country"), ("Direct", "Channel"), ("Berlin", "City")):
        assert f'<option value="{value}">{title}</option>' in text


@pytest.mark.parametrize(
    ("first", "last", "note"),
    [
        ("2026-11-26", "2026-11-20", "The first day, 26 Nov 2026, is after the last one, 20 Nov 2026."),
        ("1999", "", "“1999” is no day from the year 2000 on, such as 2026-11-20."),
        ("", "2026-11-20", "A last day needs a first one."),
    ],
)
async def test_days_that_make_no_sense_are_told_and_kept(
    furnished: FakeOrigin, reader: Reader, first: str, last: str, note: str
) -> None:
    link = next(iter(furnished.links.values()))
    for path in ("/analytics", "/events", f"/links/{link['id']}"):
        answer = await reader.get(path, params={"from": first, "to": last})
        assert answer.status_code == 200
        assert f"{note} What follows is in the last 7 days." in answer.text
        assert f'value="{first}" aria-invalid="true"' in answer.text
        assert f'value="{last}" aria-invalid="true"' in answer.text


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("range=foo", "There is no time range “foo”."),
        ("interval=foo", "There is no time range “foo”."),
        ("measure=foo", "There is no figure “foo”."),
        ("places=foo", "There is no list “foo”."),
        ("variant=foo", "There is no variant “foo”: they are called A, B and so on."),
        ("city=-a", "City cannot be “-a”"),
        ("linkId=a,b", "Link cannot be “a,b”"),
        ("field=foo&value=x", "There is no filter “foo”."),
    ],
)
async def test_what_an_address_says_in_vain_is_told(
    furnished: FakeOrigin, reader: Reader, query: str, note: str
) -> None:
    assert note in (await reader.get(f"/analytics?{query}")).text


async def test_the_apis_names_of_time_and_figure_are_taken(furnished: FakeOrigin, reader: Reader) -> None:
    text = (await reader.get("/analytics?interval=1y&event=clicks")).text
    assert sum(chart_of(text)[1]) == 11
    assert 'aria-label="Notes"' not in text


async def test_a_number_that_leaves_nothing_out_says_so(furnished: FakeOrigin, reader: Reader) -> None:
    assert "All 7 requests are clicks." in (await reader.get("/analytics")).text
    assert "There are no requests." in (await reader.get("/analytics?browser=none")).text


async def test_an_empty_list_says_what_holds(furnished: FakeOrigin, reader: Reader) -> None:
    text = (await reader.get("/analytics")).text
    assert "No click of this time came with a campaign." in text
    assert "No sales in this time." in (await reader.get("/analytics?measure=sales")).text
    assert "Nothing in this time" not in text


async def test_one_row_more_stands_for_itself(furnished: FakeOrigin, reader: Reader) -> None:
    link = next(iter(furnished.links.values()))
    for number in range(7):  # beside (direct) and news.example
        furnished.click(link, 1, referer=f"site{number}.example")
    text = (await reader.get("/analytics")).text
    assert "site6.example" in text
    assert "All others" not in text
    furnished.click(link, 1, referer="site7.example")
    others = (await reader.get("/analytics")).text.partition("All others")[2]
    assert ">2</span>" in others.partition("</li>")[0]


async def test_days_that_have_not_begun_are_compared_with_none(furnished: FakeOrigin, reader: Reader) -> None:
    furnished.click(next(iter(furnished.links.values())), 14, at=datetime.now(UTC) - timedelta(days=10))
    today = datetime.now(UTC).date()
    text = (await reader.get(f"/analytics?from={today - timedelta(days=2)}&to={today + timedelta(days=9)}")).text
    assert "in the period before" not in text
    assert len(chart_of(text)) == 2


async def test_leads_that_a_filter_leaves_none_of_are_told_as_none(furnished: FakeOrigin, reader: Reader) -> None:
    furnished.click(next(iter(furnished.links.values())), 1, leads=1)
    assert "measure=leads" in (await reader.get("/analytics?country=FR")).text


async def test_whole_days_have_no_hour_and_the_zone_is_told(furnished: FakeOrigin, reader: Reader) -> None:
    reader.http.cookies.set("zone", "Europe/Berlin")
    for path in ("/analytics", "/events"):
        assert (await reader.get(path)).text.count("Times: Europe/Berlin") == 1
    assert ", 00:00</td>" not in (await reader.get("/analytics")).text
    assert ":00</td>" in (await reader.get("/analytics?range=24h")).text
