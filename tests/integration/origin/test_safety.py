"""Harmful destinations are refused, links are put into quarantine, visitors report: over the API, on a real Postgres."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.limits.rules import rules_of
from origin.problems import ApiProblem
from origin.safety import command
from origin.safety.blocklist import Blocklist
from origin.safety.checks import Safety
from origin.safety.reports import MOST_OPEN
from origin.safety.safe_browsing import SafeBrowsing
from origin.safety.safe_browsing_fake import KEY, FakeSafeBrowsing
from origin.settings import OriginSettings
from origin.storage.tables import link_reports, outbox
from shared.kv_record import decode
from tests.factories import Account, new_account, new_member
from tests.letters import database_url
from tests.origin_app import EDGE_SECRET, make_app, make_client

LINKS, REPORTS = "/api/v1/links", "/api/v1/reports"
URL = "https://example.com/"
PHISH = "https://phish.example/login/?user=1"


@pytest.fixture
def google() -> FakeSafeBrowsing:
    fake = FakeSafeBrowsing()
    fake.list("phish.example/login/")
    return fake


@pytest.fixture
async def guarded(
    engine: AsyncEngine, account: Account, google: FakeSafeBrowsing, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an installation with a blocklist and Safe Browsing."""
    blocklist = tmp_path / "blocklist.txt"
    blocklist.write_text("bad.example\n", encoding="utf-8")
    http = httpx.AsyncClient(transport=httpx.ASGITransport(google.app))
    safety = Safety(Blocklist(blocklist), SafeBrowsing("https://safebrowsing.test", KEY, http))
    async with make_client(make_app(engine, safety=safety), account.api_key) as client:
        yield client


async def made(api: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await api.post(LINKS, json={"url": URL, **body})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def record(engine: AsyncEngine, link: dict[str, Any]) -> tuple[dict[str, Any], int]:
    select = sa.select(outbox.c.value, outbox.c.priority).where(outbox.c.key == f"{link['domain']}/{link['key']}")
    async with engine.connect() as connection:
        row = (await connection.execute(select.order_by(outbox.c.version.desc()).limit(1))).one()
    return decode(row.value).options, row.priority


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://sub.bad.example/x"}, "url"),
        ({"url": PHISH}, "url"),
        ({"url": URL, "geo": {"DE": "http://bad.example"}}, "geo.DE"),
        ({"url": URL, "redirect": {"rules": [{"url": PHISH}]}}, "redirect.rules[0].url"),
        ({"url": URL, "expiresAt": "2031-01-01T00:00:00Z", "expiredUrl": PHISH}, "expiredUrl"),
    ],
)
async def test_a_harmful_destination_is_refused_by_name_at_each_way_to_set_it(
    guarded: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    link = await made(guarded)
    answers = [
        await guarded.post(LINKS, json=body),
        await guarded.put(f"{LINKS}/upsert", json=body),
        await guarded.patch(f"{LINKS}/{link['id']}", json=body),
        await guarded.patch(f"{LINKS}/bulk", json={"linkIds": [link["id"]], "data": body}),
    ]
    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]["message"].startswith(f"{field}: "), answer.text
    good, bad = (await guarded.post(f"{LINKS}/bulk", json=[{"url": URL}, body])).json()
    assert (good["url"], bad["code"]) == (URL, "unprocessable_entity")


async def test_while_safe_browsing_fails_links_are_made_and_the_blocklist_holds(
    guarded: httpx.AsyncClient, google: FakeSafeBrowsing
) -> None:
    google.fail_with = 503
    assert (await guarded.post(LINKS, json={"url": PHISH})).status_code == 200
    assert (await guarded.post(LINKS, json={"url": "https://bad.example/"})).status_code == 422


async def test_a_quarantine_goes_to_the_edge_before_all_else_and_is_released(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    link = await made(api, expiredUrl=URL + "over")
    alias = (await api.post(f"{LINKS}/{link['id']}/aliases", json={})).json()
    path = f"{LINKS}/{link['id']}/quarantine"
    placed = await api.put(path, json={"action": "block", "reason": "malware", "note": "seen by a customer"})
    assert placed.json()["quarantine"] == {"action": "block", "reason": "malware", "source": "workspace"}
    for each in (link, alias):
        assert await record(engine, each) == ({"disabled": True, "blocked": True}, 2)
    warned = await api.put(path, json={"action": "warn", "reason": "phishing"})
    assert warned.json()["quarantine"]["action"] == "warn"
    options, priority = await record(engine, link)
    assert (set(options), priority) == ({"unsafe"}, 2)
    await api.patch(f"{LINKS}/{link['id']}", json={"url": URL + "elsewhere"})
    assert set((await record(engine, link))[0]) == {"unsafe"}, "an edit does not lift it"
    released = await api.delete(path, params={"note": "a mistake"})
    assert released.json()["quarantine"] is None
    assert await record(engine, link) == ({}, 0)
    past = (await api.get(f"{LINKS}/{link['id']}/quarantines")).json()
    assert [(each["action"], each["note"], each["releaseNote"]) for each in past] == [
        ("warn", "", "a mistake"),
        ("block", "seen by a customer", "replaced"),
    ]
    assert {each["placedBy"] for each in past} == {link["userId"]}
    assert (await api.delete(path)).status_code == 404


async def test_what_the_operator_has_done_stays_whatever_the_workspace_says(
    api: httpx.AsyncClient, engine: AsyncEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    link = await made(api, key="operators-own")
    path = f"{LINKS}/{link['id']}/quarantine"
    assert await run(engine, "block", "localhost/operators-own", "phishing", "by", "letter") == 0
    assert (await record(engine, link))[0] == {"disabled": True, "blocked": True}
    for answer in (await api.delete(path), await api.put(path, json={"action": "warn", "reason": "other"})):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    await run(engine, "quarantines")
    assert "block\tphishing\toperator\tlocalhost/operators-own" in capsys.readouterr().out
    assert await run(engine, "release", link["id"]) == 0
    assert (await record(engine, link))[0] == {}
    assert await run(engine, "release", link["id"]) == 1
    assert await run(engine, "block", link["id"], "because") == 2


async def test_what_the_operator_has_closed_is_not_made_again(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    url, place = "https://harm.example/page", {"domain": "localhost", "key": "closed-place"}
    link, other = await made(api, url=url, **place), await made(api)
    assert await run(engine, "block", link["id"], "phishing") == 0
    assert (await api.patch(f"{LINKS}/{link['id']}", json={"comments": "mine", "url": url})).status_code == 200
    await api.delete(f"{LINKS}/{link['id']}")
    bodies: list[dict[str, Any]] = [{"url": url}, {"url": URL, **place}, {"url": URL, "geo": {"DE": url}}]
    for body, field in zip(bodies, ("url: ", "key: ", "geo.DE: "), strict=True):
        answers = [await api.post(LINKS, json=body), await api.patch(f"{LINKS}/{other['id']}", json=body)]
        assert [each.status_code for each in answers] == [403, 403], answers[0].text
        assert all(each.json()["error"]["message"].startswith(field) for each in answers)
    assert (await api.post(f"{LINKS}/{other['id']}/aliases", json=place)).status_code == 403
    bad, good = (await api.post(f"{LINKS}/bulk", json=[{"url": url}, {"url": URL}])).json()
    assert (bad["code"], good["url"]) == ("forbidden", URL)
    stranger = await new_account(engine)
    async with make_client(make_app(engine), stranger.api_key) as theirs:
        assert (await theirs.post(LINKS, json=bodies[1])).status_code == 403
        assert (await theirs.post(LINKS, json=bodies[0])).status_code == 200, "a URL is closed for who led to it"
    assert await run(engine, "release", "localhost/closed-place") == 0
    await made(api, url=url, **place)


async def test_a_former_url_that_the_operator_has_closed_is_not_brought_back(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    url = "https://harm.example/former"
    link, other = await made(api, url=url), await made(api, url=url)
    await api.patch(f"{LINKS}/{link['id']}", json={"url": URL})
    await run(engine, "block", other["id"], "malware")
    assert (await api.post(f"{LINKS}/{link['id']}/versions/1/restore")).status_code == 403


async def test_what_the_operator_releases_is_what_the_workspace_had_made_of_it(
    api: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    link = await made(api)
    path = f"{LINKS}/{link['id']}/quarantine"
    await api.put(path, json={"action": "block", "reason": "spam"})
    await run(engine, "warn", link["id"], "phishing")
    await run(engine, "block", link["id"], "phishing")
    assert await run(engine, "release", link["id"]) == 0
    assert (await record(engine, link))[0] == {"disabled": True, "blocked": True}
    assert (await api.delete(path)).json()["quarantine"] is None
    await run(engine, "block", link["id"], "phishing")
    assert await run(engine, "release", link["id"]) == 0
    assert (await record(engine, link))[0] == {}, "what was released before stays so"


async def run(engine: AsyncEngine, *arguments: str) -> int:
    """The command, in the loop of the test."""
    settings = OriginSettings(database_url=database_url(engine), secret_key="s", edge_secret=EDGE_SECRET)
    try:
        return await command._run(list(arguments), settings)
    except ApiProblem:
        return 1


async def test_a_report_gets_the_same_answer_whatever_it_names(
    app: Starlette, api: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    link = await made(api)
    urls = [link["shortLink"], f"{link['shortLink']}+", "https://localhost/nothing", "no address at all", "http://[::1"]
    async with make_client(app) as visitor:
        answers = [await visitor.post(REPORTS, json={"url": url, "reason": "spam"}) for url in urls]
        assert {(each.status_code, each.text) for each in answers} == {(202, '{"received":true}')}
        assert (await visitor.post(REPORTS, json={"url": urls[0], "reason": "envy"})).status_code == 422
    (report,) = (await api.get(REPORTS)).json()
    assert (report["linkId"], report["reason"], report["outcome"]) == (link["id"], "spam", None)
    assert (await stranger.get(REPORTS)).json() == []


async def test_one_sender_counts_once_for_a_link_and_is_slowed_down(app: Starlette, api: httpx.AsyncClient) -> None:
    link = await made(api)
    transport = httpx.ASGITransport(app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as visitor:
        body = {"url": link["shortLink"], "reason": "spam"}
        answers = [await visitor.post(REPORTS, json=body) for _ in range(11)]
    assert [each.status_code for each in answers] == [202] * 10 + [429]
    assert 60 < int(answers[-1].headers["Retry-After"]) <= 360
    assert answers[-1].json()["error"]["message"].startswith("More than 10 requests an hour: ")
    assert len((await api.get(REPORTS, params={"linkId": link["id"]})).json()) == 1


async def test_senders_of_reports_are_slowed_down_where_nobody_else_is_limited(engine: AsyncEngine) -> None:
    app = make_app(engine, rules=rules_of(("free=0",), 0, 0))
    transport = httpx.ASGITransport(app, client=("203.0.113.10", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as visitor:
        body = {"url": "https://localhost/nothing", "reason": "spam"}
        answers = [(await visitor.post(REPORTS, json=body)).status_code for _ in range(11)]
    assert answers == [202] * 10 + [429]


async def test_a_flood_about_one_link_is_bounded(api: httpx.AsyncClient, app: Starlette, engine: AsyncEngine) -> None:
    link = await made(api)
    number, workspace = int(link["id"].removeprefix("link_"), 36), int(link["workspaceId"].removeprefix("ws_"), 36)
    rows = [
        {"workspace_id": workspace, "link_id": number, "reason": "spam", "reporter": bytes([n])}
        for n in range(MOST_OPEN)
    ]
    async with engine.begin() as connection:
        await connection.execute(sa.insert(link_reports), rows)
    async with make_client(app) as visitor:
        assert (await visitor.post(REPORTS, json={"url": link["shortLink"], "reason": "spam"})).status_code == 202
    mine = {"linkId": link["id"], "pageSize": "100"}
    assert len((await api.get(REPORTS, params=mine)).json()) == MOST_OPEN
    assert (await api.get(REPORTS, params={**mine, "page": "2"})).json() == []


async def test_the_admin_settles_all_reports_of_a_link_at_once(
    api: httpx.AsyncClient, app: Starlette, engine: AsyncEngine, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    link = await made(api)
    async with make_client(app) as visitor:
        body = {"url": link["shortLink"], "reason": "phishing", "comment": "It asks for my\tpassword\x07"}
        await visitor.post(REPORTS, json=body)
    (report,) = (await api.get(REPORTS)).json()
    member = await new_member(engine, account.actor.workspace_id, "member")
    async with make_client(app, member.api_key) as colleague:
        assert (await colleague.get(REPORTS)).status_code == 403
    settled = await api.post(f"{REPORTS}/{report['id']}/settle", json={"outcome": "warned", "note": "true"})
    assert [(each["id"], each["outcome"]) for each in settled.json()] == [(report["id"], "warned")]
    assert (await record(engine, link))[0]["unsafe"].startswith("It may imitate")
    assert (await api.get(REPORTS)).json() == []
    assert [each["id"] for each in (await api.get(REPORTS, params={"settled": "true"})).json()] == [report["id"]]
    await run(engine, "reports")
    (line,) = [each for each in capsys.readouterr().out.splitlines() if report["id"] in each]
    assert line.split("\t")[2:4] == ["phishing", "warned"], "the operator sees it still"
    assert line.endswith("It asks for my password ")
    assert await run(engine, "dismiss", report["id"]) == 0
    assert await run(engine, "dismiss", report["id"]) == 1


async def test_the_form_takes_a_report_without_scripts_or_cookies(app: Starlette, engine: AsyncEngine) -> None:
    account = await new_account(engine)
    async with make_client(app, account.api_key) as api, make_client(app) as visitor:
        link = await made(api)
        page = await visitor.get("/report", params={"url": link["shortLink"] + '"><script>'})
        assert "<script>" not in page.text
        assert "script-src" not in page.headers["Content-Security-Policy"]
        (token,) = re.findall(r'name="token" value="(\w+)"', page.text)
        form = {"url": link["shortLink"], "reason": "malware", "comment": "<b>careful</b>"}
        assert (await post(visitor, {**form, "token": "made up"})).status_code == 403
        assert (await post(visitor, {**form, "reason": "", "token": token})).status_code == 422
        assert (await post(visitor, {**form, "token": token, "more": "x" * 20_000})).status_code == 413
        done = await post(visitor, {**form, "token": token})
        assert (done.status_code, "Thank you" in done.text, done.headers.get("Set-Cookie")) == (202, True, None)
        (report,) = (await api.get(REPORTS)).json()
        assert (report["reason"], report["comment"]) == ("malware", "<b>careful</b>")


async def post(visitor: httpx.AsyncClient, form: dict[str, str]) -> httpx.Response:
    body = "&".join(f"{name}={quote(value)}" for name, value in form.items())
    return await visitor.post("/report", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
