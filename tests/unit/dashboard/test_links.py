"""The list of links, and making, changing and deleting one."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.origin_fake import FakeOrigin
from tests.unit.dashboard.conftest import Reader

PARTIAL = {"HX-Request": "true"}


async def test_no_links_yet_is_an_invitation(reader: Reader) -> None:
    text = (await reader.get("/links")).text
    assert "Your first hop" in text
    assert 'role="search"' not in text


async def test_a_link_is_listed_with_its_clicks(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/long", "spring", title="Sale")
    origin.click(link, 1234)
    text = (await reader.get("/links")).text
    for expected in (
        "localhost:8787/spring",
        "example.com/long",
        "Sale",
        "1,234",
        'data-copy="http://localhost:8787/spring"',
    ):
        assert expected in text


async def test_what_people_typed_is_shown_as_text(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/<script>alert(1)</script>", "x", title='"><img src=x onerror=alert(1)>')
    origin.click(link, referer="<b>bold</b>")
    for path in ("/links", f"/links/{link['id']}", f"/links/{link['id']}/edit", "/links?search=%3Cscript%3E"):
        text = (await reader.get(path)).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b>bold" not in text


async def test_a_search_finds_by_address_code_or_title(origin: FakeOrigin, reader: Reader) -> None:
    origin.add_link("https://example.com/apples", "one")
    origin.add_link("https://example.com/pears", "two", title="Fruit")
    text = (await reader.get("/links?search=fruit")).text
    assert "/two" in text
    assert "/one" not in text
    assert "1\u20131 of 1" in text


async def test_a_search_without_result_says_so(origin: FakeOrigin, reader: Reader) -> None:
    origin.add_link("https://example.com/")
    assert "Nothing matches “zzz”" in (await reader.get("/links?search=zzz")).text


async def test_while_typing_only_the_list_is_sent(origin: FakeOrigin, reader: Reader) -> None:
    origin.add_link("https://example.com/", "one")
    answer = await reader.get("/links?search=one&sort=newest&page=1", headers=PARTIAL)
    assert "<html" not in answer.text
    assert "/one" in answer.text
    assert answer.headers["hx-replace-url"] == "/links?search=one"


async def test_a_page_from_the_browsers_history_is_whole(origin: FakeOrigin, reader: Reader) -> None:
    origin.add_link("https://example.com/", "one")
    answer = await reader.get("/links", headers={**PARTIAL, "HX-History-Restore-Request": "true"})
    assert "<html" in answer.text


async def test_pages_follow_each_other_without_gap_or_repeat(origin: FakeOrigin, reader: Reader) -> None:
    for number in range(60):
        link = origin.add_link(f"https://example.com/{number}", f"code-{number:02}")
        link["createdAt"] = (datetime.now(UTC) - timedelta(minutes=number)).isoformat()
    texts = [(await reader.get(f"/links?page={page}")).text for page in (1, 2, 3)]
    seen = [[n for n in range(60) if f"localhost:8787/code-{n:02}</a>" in text] for text in texts]
    assert seen == [list(range(25)), list(range(25, 50)), list(range(50, 60))]
    assert "51\u201360 of 60" in texts[2]
    assert 'rel="prev"' not in texts[0]
    assert 'href="/links?page=2"' in texts[0]
    assert 'rel="next"' not in texts[2]


async def test_a_page_past_the_end_leads_to_the_last(origin: FakeOrigin, reader: Reader) -> None:
    for number in range(30):
        origin.add_link(f"https://example.com/{number}")
    assert (await reader.get("/links?page=9")).headers["location"] == "/links?page=2"


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "page=99999999999999999999", "page=٣", "sort=nonsense"]
)
async def test_a_query_that_makes_no_sense_shows_the_list(origin: FakeOrigin, reader: Reader, query: str) -> None:
    origin.add_link("https://example.com/", "one")
    assert "/one" in (await reader.get(f"/links?{query}")).text


async def test_the_order_can_be_chosen(origin: FakeOrigin, reader: Reader) -> None:
    for number in range(2):
        origin.add_link(f"https://example.com/{number}", f"n{number}")
    newest, oldest = [(await reader.get(f"/links?sort={sort}")).text for sort in ("newest", "oldest")]
    assert newest.index("/n1<") < newest.index("/n0<")
    assert oldest.index("/n0<") < oldest.index("/n1<")
    assert '<option value="oldest" selected>' in oldest


async def test_a_link_is_made_and_its_page_opened(origin: FakeOrigin, reader: Reader) -> None:
    fields = {"url": " https://example.com/ä?q=1#x ", "key": "new", "title": "T", "comments": ""}
    answer = await reader.send("/links/new", fields)
    (link,) = origin.links.values()
    assert link["url"] == "https://example.com/ä?q=1#x"
    assert link["key"] == "new"
    assert answer.headers["location"] == f"/links/{link['id']}"
    assert "Link created" in (await reader.get(answer.headers["location"])).text
    assert "Link created" not in (await reader.get(answer.headers["location"])).text  # said once


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("expires_at", "2020-01-31T10:00", "Expired: Its time is over."),
        ("starts_at", "2090-01-31T10:00", "It opens on 31 Jan 2090, 10:00."),
        ("expires_at", "2090-01-31T10:00", "It works from now on."),
    ],
)
async def test_what_is_said_of_a_new_link_is_what_its_visitors_meet(
    reader: Reader, field: str, value: str, said: str
) -> None:
    answer = await reader.send("/links/new", {"url": "https://example.com/", field: value})
    text = (await reader.get(answer.headers["location"])).text
    assert "Link created" in text
    assert said in text
    assert text.count("It works from now on.") == ("works" in said)


async def test_an_address_alone_is_enough(origin: FakeOrigin, reader: Reader) -> None:
    await reader.send("/links", {"url": "https://example.com/"}, "/links/new")
    assert [link["url"] for link in origin.links.values()] == ["https://example.com/"]


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"url": ""}, "url", "Enter the address"),
        ({"url": "javascript:alert(1)"}, "url", "begins with http:// or https://"),
        ({"url": "https://example.com/", "key": "a b"}, "key", "It may not contain"),
        ({"url": "https://example.com/", "key": "taken"}, "key", "Taken is taken on localhost"),
    ],
)
async def test_what_origin_refuses_is_said_at_the_field(
    origin: FakeOrigin, reader: Reader, fields: dict[str, str], field: str, message: str
) -> None:
    origin.add_link("https://example.com/", "taken")
    answer = await reader.send("/links/new", {"title": "kept", **fields})
    assert answer.status_code in {409, 422}
    error = answer.text.split(f'id="{field}-error"')[1].split("</p>")[0]
    assert message in error
    assert 'value="kept"' in answer.text
    assert f'aria-describedby="{field}' in answer.text
    assert len(origin.links) == 1


async def test_an_edit_changes_clears_and_keeps(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/old", "code", title="Old", comments="Note")
    page = f"/links/{link['id']}/edit"
    assert 'value="https://example.com/old"' in (await reader.get(page)).text
    answer = await reader.send(page, {"url": "https://example.com/new", "key": "", "title": "", "comments": "Note"})
    assert answer.headers["location"] == f"/links/{link['id']}"
    assert (link["url"], link["key"], link["title"], link["comments"]) == (
        "https://example.com/new",
        "code",
        None,
        "Note",
    )


async def test_a_refused_edit_is_said_at_the_field(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/", "code")
    answer = await reader.send(f"/links/{link['id']}/edit", {"url": "ftp://example.com", "key": "code"})
    assert answer.status_code == 422
    assert 'id="url-error"' in answer.text
    assert link["url"] == "https://example.com/"


async def test_deleting_asks_first(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/", "code")
    page = f"/links/{link['id']}/delete"
    assert "Delete this link?" in (await reader.get(page)).text
    assert origin.links
    assert (await reader.send(page, {})).headers["location"] == "/links"
    assert not origin.links


@pytest.mark.parametrize("end", ["", "/edit", "/delete", "/qr.png"])
async def test_a_link_that_is_not_there_is_a_404(reader: Reader, end: str) -> None:
    answer = await reader.get(f"/links/link_404{end}")
    assert answer.status_code == 404
    assert "This hop leads nowhere" in answer.text


async def test_an_id_in_a_path_stays_one_part_of_the_path(origin: FakeOrigin, reader: Reader) -> None:
    """An id made of dots or signs must not become another call to origin."""
    await reader.send("/links", {}, "/links/..%3Fx=1/delete")
    assert origin.calls[-2:] == ["DELETE /links/..%3Fx=1", "GET /workspaces"]  # is the workspace still one's own?
