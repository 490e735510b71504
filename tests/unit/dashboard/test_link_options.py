"""The options of a link on its form: what is shown, what is asked of origin, what is refused."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.origin_fake import FakeOrigin
from tests.unit.dashboard.conftest import Reader

URL = {"url": "https://example.com/"}


async def create(reader: Reader, origin: FakeOrigin, **fields: str) -> dict[str, Any]:
    answer = await reader.send("/links/new", {**URL, **fields})
    assert answer.status_code == 303, answer.text
    return list(origin.links.values())[-1]


async def edit(reader: Reader, link: dict[str, Any], **fields: str) -> int:
    return (await reader.send(f"/links/{link['id']}/edit", {"url": link["url"], **fields})).status_code


async def test_a_link_gets_the_options_that_were_filled_in(origin: FakeOrigin, reader: Reader) -> None:
    reader.http.cookies.set("zone", "Europe/Berlin")
    link = await create(
        reader, origin, expires_at="2027-07-01T12:30", expired_url="example.com/over", password="open sesame", max_clicks="100",
        ios="https://apps.example/1", android="https://play.example/1", utm_source="mail", proxy="y", description="What it is",
        image="https://example.com/a.png", status="308", starts_at="2027-01-01T00:00",
        **{"geo-0-country": "DE", "geo-0-url": "example.de", "geo-1-country": "", "geo-1-url": ""},
        **{"variants-0-url": "a.example", "variants-0-percentage": "40", "variants-1-url": "https://b.example/"},
        **{"variants-1-percentage": "60"},
    )  # fmt: skip
    assert datetime.fromisoformat(link["expiresAt"]) == datetime(2027, 7, 1, 10, 30, tzinfo=UTC)
    names = ("expiredUrl", "password", "ios", "android", "utm_source", "proxy", "description", "image")
    assert [link[name] for name in names] == [
        "https://example.com/over", "********", "https://apps.example/1", "https://play.example/1", "mail", True, "What it is",
        "https://example.com/a.png",
    ]  # fmt: skip
    assert link["geo"] == {"DE": "https://example.de"}
    variants = [{"url": "https://a.example", "percentage": 40}, {"url": "https://b.example/", "percentage": 60}]
    assert link["testVariants"] == variants
    redirect = {"maxClicks": 100, "status": 308, "startsAt": "2026-12-31T23:00:00+00:00"}
    assert link["redirect"] == {**redirect, "params": {"utm_source": "mail"}}


async def test_a_plain_link_asks_for_nothing_else(origin: FakeOrigin, reader: Reader) -> None:
    link = await create(reader, origin)
    assert (link["redirect"], link["geo"], link["testVariants"], link["expiresAt"], link["tags"]) == (None,) * 4 + ([],)


async def test_an_edit_changes_only_what_was_changed(origin: FakeOrigin, reader: Reader) -> None:
    kept = {"maxClicks": 5, "rules": [{"url": "https://example.com/rule", "when": {"eu": True}}]}
    link = origin.add_link(
        "https://example.com/", "code", redirect=kept, password="secret", expiresAt="2027-01-01T10:00:30+00:00"
    )
    form = {"key": "code", "domain": "localhost", "expires_at": "2027-01-01T10:00"}
    assert await edit(reader, link, max_clicks="5", title="New", **form) == 303
    assert (link["redirect"], link["password"]) == (kept, "********")
    assert link["expiresAt"] == "2027-01-01T10:00:30+00:00"
    assert await edit(reader, link, max_clicks="7", title="New", **form) == 303
    assert link["redirect"] == {**kept, "maxClicks": 7}


async def test_what_was_emptied_is_cleared(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link(
        "https://example.com/", "code", geo={"DE": "https://example.de/"}, utm_source="mail", redirect={"maxClicks": 5},
        password="secret", expiresAt="2027-01-01T10:00:00+00:00", archived=True, disabledAt="2026-01-01T00:00:00+00:00",
    )  # fmt: skip
    assert await edit(reader, link, no_password="y") == 303
    cleared = ("geo", "utm_source", "redirect", "password", "expiresAt", "disabledAt")
    assert [link[name] for name in cleared] == [None] * len(cleared)
    assert (link["archived"], link["key"]) == (False, "code")


async def test_a_link_is_switched_off_and_archived(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/", "code")
    assert await edit(reader, link, disabled="y", archived="y") == 303
    assert datetime.fromisoformat(link["disabledAt"]) <= datetime.now(UTC)
    assert "localhost:8787/code" not in (await reader.get("/links")).text
    assert "localhost:8787/code" in (await reader.get("/links?archived=y")).text


async def test_tags_are_chosen_and_made(origin: FakeOrigin, reader: Reader) -> None:
    old = origin.tags.add("Spring")
    origin.tags.add("Unused")
    link = await create(reader, origin, tag_ids=old["id"], new_tags="mail, UNUSED")
    assert [each["name"] for each in link["tags"]] == ["Spring", "Unused", "mail"]
    text = (await reader.get(f"/links/{link['id']}")).text
    assert f'href="/links?tag={old["id"]}"' in text
    other = origin.add_link("https://example.org/", "another")
    text = (await reader.get(f"/links?tag={old['id']}")).text
    assert [each["shortLink"] in text for each in (link, other)] == [True, False]


async def test_what_only_the_api_can_set_is_kept_by_the_form(origin: FakeOrigin, reader: Reader) -> None:
    """Shares that are no whole numbers, codes of countries that ISO 3166 lacks, and notes of several lines."""
    shares = (30.9, 33.3, 35.8)  # 99.99999999999999 as floats
    variants = [{"url": f"https://{n}.example/", "percentage": share} for n, share in enumerate(shares)]
    geo = {"XK": "https://example.com/xk"}
    link = origin.add_link("https://example.com/", "code", testVariants=variants, geo=geo, comments="one\ntwo")
    text = (await reader.get(f"/links/{link['id']}/edit")).text
    assert 'value="35.8"' in text
    assert '<option value="XK" selected>' in text
    form = {"key": "code", "domain": "localhost", "title": "New", "comments": "one\r\ntwo"}
    form |= {"geo-0-country": "XK", "geo-0-url": geo["XK"]}
    for number, each in enumerate(variants):
        form |= {f"variants-{number}-url": str(each["url"]), f"variants-{number}-percentage": str(each["percentage"])}
    assert await edit(reader, link, **form) == 303
    assert (link["title"], link["comments"], link["geo"], link["testVariants"]) == ("New", "one\ntwo", geo, variants)


async def test_a_link_can_be_made_with_its_first_variant_as_the_winner(origin: FakeOrigin, reader: Reader) -> None:
    shares = {
        f"variants-{n}-{name}": value for n in (0, 1) for name, value in (("url", "a.example"), ("percentage", "50"))
    }
    assert (await create(reader, origin, winner="0", **shares))["redirect"] == {"winner": 0}


async def test_a_campaign_is_carried_to_every_destination(origin: FakeOrigin, reader: Reader) -> None:
    form = {"utm_source": "mail", "ios": "https://apps.example/1"}
    link = await create(reader, origin, **form)
    assert link["redirect"] == {"params": {"utm_source": "mail"}}
    assert await edit(reader, link, ios=form["ios"], utm_source="chat", utm_medium="social") == 303
    assert link["redirect"] == {"params": {"utm_source": "chat", "utm_medium": "social"}}
    assert await edit(reader, link, ios=form["ios"]) == 303
    assert link["redirect"] is None


async def test_a_campaign_leaves_other_parameters_of_the_destinations_as_they_are(
    origin: FakeOrigin, reader: Reader
) -> None:
    params = {"ref": "partner", "utm_source": "phones"}
    link = origin.add_link("https://example.com/", "code", ios="https://apps.example/1", redirect={"params": params})
    assert await edit(reader, link, ios=link["ios"], utm_source="mail", utm_medium="social") == 303
    assert link["redirect"] == {"params": {**params, "utm_medium": "social"}}


async def test_a_link_without_other_destinations_carries_its_campaign_in_its_address(
    origin: FakeOrigin, reader: Reader
) -> None:
    link = await create(reader, origin, utm_source="mail")
    assert (link["utm_source"], link["redirect"]) == ("mail", None)


async def test_conversions_are_tracked_by_one_link(origin: FakeOrigin, reader: Reader) -> None:
    link = await create(reader, origin, track_conversion="y")
    assert link["trackConversion"] is True
    assert "Tracks leads and sales" in (await reader.get(f"/links/{link['id']}")).text
    assert await edit(reader, link) == 303
    assert link["trackConversion"] is False


async def test_a_refused_form_begins_with_all_that_is_wrong_and_leads_to_each_field(reader: Reader) -> None:
    fields = {"max_clicks": "0", "geo-0-country": "DE", "variants-0-url": "a.example", "variants-0-percentage": "50"}
    text = (await reader.send("/links/new", {"url": "", **fields})).text
    assert "these 4 have to be mended first" in text
    links = re.findall(r'<a class="font-medium underline" href="#([^"]+)">([^<]+)</a>', text)
    assert links == [
        ("url", "Destination"), ("max_clicks", "Most clicks"), ("geo-0-url", "Country 1, Destination"),
        ("variants-0-url", "Variant"),
    ]  # fmt: skip
    assert all(f'id="{field_id}"' in text for field_id, _ in links)


async def test_only_domains_that_can_be_used_are_offered(origin: FakeOrigin, reader: Reader) -> None:
    for slug, verified, archived in (
        ("go.example", True, False),
        ("new.example", False, False),
        ("old.example", True, True),
    ):
        origin.teams.domains.append({"slug": slug, "verified": verified, "archived": archived})
    text = (await reader.get("/links/new")).text
    assert [each for each in ("go.example", "new.example", "old.example") if each in text] == ["go.example"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"variants-0-url": "https://a.example/", "variants-0-percentage": "50"}, "A test has 2 to 4 variants."),
        ({"variants-0-url": "https://a.example/"}, "Enter its share of the visitors."),
        ({"variants-0-percentage": "50"}, "Enter where this share of the visitors goes."),
        (
            {f"variants-{n}-{name}": value for n in (0, 1) for name, value in (("url", "a.example"), ("percentage", "40"))},
            "The shares add up to 100 %, not to 80 %.",
        ),
        ({"geo-0-country": "DE"}, "Enter where these visitors go"),
        ({"geo-0-country": "D1", "geo-0-url": "a.example"}, "Choose the country whose visitors go here."),
        (
            {f"geo-{n}-{name}": value for n in (0, 1) for name, value in (("country", "DE"), ("url", "a.example"))},
            "This country has a destination above.",
        ),
        ({"geo-0-country": "DE", "geo-0-url": "ftp://a.example/"}, "It is not a web address"),
        ({"max_clicks": "0"}, "It is 1 or more."),
        ({"max_clicks": "many"}, "Not a valid integer value."),
        ({"expires_at": "tomorrow"}, "Not a valid datetime value."),
        ({"ios": "ftp://example.com"}, "It is not a web address"),
        ({"new_tags": "t" * 51}, "length"),
    ],
)  # fmt: skip
async def test_what_is_wrong_stands_at_its_field_in_an_open_group(
    origin: FakeOrigin, reader: Reader, fields: dict[str, str], said: str
) -> None:
    answer = await reader.send("/links/new", {**URL, **fields})
    assert answer.status_code == 422
    assert said in answer.text.replace("&#39;", "'")
    if "new_tags" not in fields:
        assert '<details class="group border-b border-line last:border-b-0" open>' in answer.text
    assert not origin.links


async def test_more_rows_for_countries_keep_what_was_typed(origin: FakeOrigin, reader: Reader) -> None:
    fields = {"title": "Typed", "geo-0-country": "DE", "geo-0-url": "https://example.de/", "more": "countries"}
    text = (await reader.send("/links/new", {**URL, **fields})).text
    assert text.count("Destination of country") == 6
    assert 'value="https://example.de/"' in text
    assert 'value="Typed"' in text
    assert not origin.links


@pytest.mark.parametrize("number", ["²", "①", "9" * 5000, "-1", ""])
async def test_a_row_whose_number_is_none_is_no_row(origin: FakeOrigin, reader: Reader, number: str) -> None:
    fields = {f"geo-{number}-country": "DE", f"geo-{number}-url": "https://example.de/"}
    assert (await create(reader, origin, **fields, **{f"variants-{number}-url": "https://a.example/"}))["geo"] is None


async def test_two_editors_do_not_overwrite_each_other(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/", "code")
    assert await edit(reader, link, etag='"r1"', title="First") == 303
    answer = await reader.send(f"/links/{link['id']}/edit", {"url": link["url"], "etag": '"r1"', "title": "Second"})
    assert answer.status_code == 412
    assert "Somebody else has changed this link meanwhile" in answer.text
    assert link["title"] == "First"


async def test_a_bare_address_is_taken_as_https_and_the_page_says_so(origin: FakeOrigin, reader: Reader) -> None:
    link = await create(reader, origin, url="www.example.org/x")
    assert link["url"] == "https://www.example.org/x"
    assert "is taken as one with it" in (await reader.get(f"/links/{link['id']}")).text
    other = await create(reader, origin)
    assert "is taken as one with it" not in (await reader.get(f"/links/{other['id']}")).text


async def test_a_long_bare_address_leaves_the_cookie_small_enough_for_browsers(
    origin: FakeOrigin, reader: Reader
) -> None:
    answer = await reader.send("/links/new", {"url": "www.example.org/" + "x" * 5000})
    assert answer.status_code == 303
    assert all(len(each) < 4096 for each in answer.headers.get_list("set-cookie"))
    assert "it leads to https://www.example.org/xxx" in (await reader.get(answer.headers["location"])).text
