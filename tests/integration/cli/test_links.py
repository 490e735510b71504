import io
import json
import time
from pathlib import Path

import httpx
import pytest

from shared import signing
from shared.click_event import ClickEvent, encode_batch
from tests.integration.cli.conftest import Nearhop, OriginProcess, User
from tests.letters import PASSWORD


def test_login_with_a_password_makes_a_key_and_keeps_it(
    nearhop: Nearhop, origin: OriginProcess, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEARHOP_API_KEY")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{PASSWORD}\n".encode())))
    done = nearhop("login", "--email", user.email, "--password-stdin")
    assert (done.code, f"Logged in at {origin.url} as {user.email}" in done.out) == (0, True)
    kept = json.loads((tmp_path / "config" / "cli.json").read_text())
    assert PASSWORD not in json.dumps(kept)
    assert kept["api_key"].startswith("nh_")
    monkeypatch.delenv("NEARHOP_URL")
    assert nearhop("links", "list", "--json").code == 0


def test_login_with_a_wrong_password_or_key_keeps_nothing(
    nearhop: Nearhop, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"wrong password\n")))
    assert nearhop("login", "--email", user.email, "--password-stdin").code == 2
    done = nearhop("login", "--api-key", "nh_wrong")
    assert (done.code, "does not accept" in done.err) == (2, True)
    assert not (tmp_path / "config" / "cli.json").exists()


def test_login_with_a_key_checks_and_keeps_it(nearhop: Nearhop, user: User, tmp_path: Path) -> None:
    key = user.api.post("/api-keys", json={"name": "mine"}).json()["key"]
    assert nearhop("login", "--api-key", key).code == 0
    assert json.loads((tmp_path / "config" / "cli.json").read_text())["api_key"] == key


def test_a_link_is_made_listed_and_deleted(nearhop: Nearhop, user: User) -> None:
    url = "https://example.com/[bold]a?x=:smile:#é"
    done = nearhop("links", "create", url, "--key", "first", "--title", "One")
    assert (done.code, done.out) == (0, "http://localhost:8787/first\n")
    listed = nearhop("links", "list")
    assert "http://localhost:8787/first" in listed.out
    assert url in listed.out
    assert "1 to 1 of 1 link\n" in listed.err
    (found,) = json.loads(nearhop("links", "list", "--search", "first", "--json").out)
    assert (found["url"], found["title"]) == (url, "One")

    assert nearhop("links", "delete", "first").code == 2, "nobody can be asked"
    deleted = nearhop("links", "delete", "first", "--yes")
    assert (deleted.code, deleted.out) == (0, f"deleted http://localhost:8787/first -> {url}\n")
    assert user.api.get("/links/count").json() == 0


def test_a_bare_address_is_taken_as_https_which_is_said(nearhop: Nearhop, user: User) -> None:
    done = nearhop("links", "create", "www.example.org/x", "--json")
    assert json.loads(done.out)["url"] == "https://www.example.org/x"
    assert "it is taken as https://www.example.org/x" in done.err
    assert user.api.post("/links", json={"url": "www.example.org/x"}).status_code == 422  # the API is strict


@pytest.mark.parametrize("name", ["{key}", "localhost/{key}", "http://localhost:8787/{key}", "{id}", "ext_{key}"])
def test_a_link_can_be_named_in_every_way(nearhop: Nearhop, user: User, name: str) -> None:
    made = json.loads(nearhop("links", "create", "https://example.com", "--json").out)
    user.api.patch(f"/links/{made['id']}", json={"externalId": made["key"]}).raise_for_status()
    done = nearhop("links", "delete", name.format(**made), "-y", "--json")
    assert (done.code, done.out and json.loads(done.out)) == (0, [{"id": made["id"]}])


@pytest.mark.parametrize("name", ["{key}", "localhost/{key}", "localhost:8787/{key}", "http://localhost:8787/{key}"])
@pytest.mark.parametrize("prefix", ["c", "v1.2/x"])
def test_a_code_of_several_segments_can_be_named_in_every_way(nearhop: Nearhop, prefix: str, name: str) -> None:
    made = json.loads(nearhop("links", "create", "https://example.com", "--prefix", prefix, "--json").out)
    assert made["key"].startswith(f"{prefix}/")
    assert nearhop("links", "delete", name.format(**made), "-y").code == 0


def test_a_code_is_found_behind_a_hundred_others(nearhop: Nearhop, user: User) -> None:
    made = json.loads(nearhop("links", "create", "https://example.com", "--json").out)
    bodies = [{"url": f"https://example.com/{n}"} for n in range(100)]
    user.api.post("/links/bulk", json=bodies).raise_for_status()
    assert nearhop("links", "delete", made["key"], "-y").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("links", "create", "javascript:alert(1)"), "url"),
        (("links", "create", "https://example.com", "--key", "a b"), "key: it may not contain ' '"),
        (
            ("links", "create", "https://example.com", "--domain", "else.example"),
            "is not a verified domain of this workspace",
        ),
        (("links", "delete", "nowhere", "-y"), "There is no link"),
        (("stats", "nowhere"), "There is no link"),
        (("stats", "nowhere.example/x"), "no link"),
    ],
)
def test_what_nearhop_refuses_is_said_in_its_words(nearhop: Nearhop, arguments: tuple[str, ...], said: str) -> None:
    done = nearhop(*arguments)
    assert (done.code, done.out) == (1, "")
    assert said in done.err


def test_a_taken_code_is_refused(nearhop: Nearhop) -> None:
    assert nearhop("links", "create", "https://example.com", "--key", "taken").code == 0
    done = nearhop("links", "create", "https://example.com", "--key", "taken")
    assert (done.code, "already" in done.err) == (1, True)


def test_another_workspaces_link_is_not_there(nearhop: Nearhop, origin: OriginProcess) -> None:
    with httpx.Client(base_url=f"{origin.url}/api/v1", timeout=30) as api:
        api.headers.update(origin.register(api, "other@example.com"))
        link = api.post("/links", json={"url": "https://example.com", "key": "theirs"}).raise_for_status().json()
        for name in ("localhost/theirs", link["id"], "theirs"):
            assert nearhop("links", "delete", name, "-y").code == 1
        assert api.get("/links/count").json() == 1


def test_stats_show_clicks_over_time_and_where_they_came_from(nearhop: Nearhop, origin: OriginProcess) -> None:
    link = json.loads(nearhop("links", "create", "https://example.com", "--json").out)
    untouched = nearhop("stats", link["key"]).out
    assert "0 clicks" in untouched
    assert "not counted" not in untouched
    send_clicks(origin, link, 3)
    while "3 clicks (30d)" not in (done := nearhop("stats", link["key"])).out:
        time.sleep(0.1)
    assert all(text in done.out for text in ("█", "Countries", "DE", "Browsers", "Firefox", "Referers", "news.example"))
    found = json.loads(nearhop("stats", link["shortLink"], "--interval", "24h", "--json").out)
    assert found["clicks"] == 3
    assert sum(point["clicks"] for point in found["timeseries"]) == 3
    assert [(row["country"], row["clicks"]) for row in found["countries"]] == [("DE", 3)]
    assert nearhop("stats", link["key"], "--interval", "1h").code == 1


def test_stats_say_why_a_visit_is_no_click(nearhop: Nearhop, origin: OriginProcess) -> None:
    link = json.loads(nearhop("links", "create", "https://example.com", "--json").out)
    send_clicks(origin, link, 2, user_agent="curl/8.5.0")
    while "not counted" not in (done := nearhop("stats", link["key"])).out:
        time.sleep(0.1)
    assert "0 clicks (30d)" in done.out
    assert "2 requests not counted: 2 bots." in done.out


_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def send_clicks(origin: OriginProcess, link: dict[str, str], count: int, user_agent: str = _FIREFOX) -> None:
    """As the edge sends them."""
    number = httpx.get(
        f"{origin.url}/internal/links", params={"domain": link["domain"], "code": link["key"]},
        headers=signed("GET", f"/internal/links?domain={link['domain']}&code={link['key']}", b""),
    ).raise_for_status().text.split(".")[1:4]  # fmt: skip
    event = ClickEvent(
        id="", at=int(time.time() * 1000), link=int(number[0], 36), workspace=int(number[1], 36), version=int(number[2], 36),
        domain=link["domain"], code=link["key"], url=link["url"], country="DE", referer="https://news.example/page",
        user_agent=user_agent,
    )  # fmt: skip
    events = [ClickEvent(**{**event, "id": f"{link['key']}-{n}", "ip": f"192.0.2.{n}"}) for n in range(count)]
    body = encode_batch(f"batch-{link['key']}", "test", events)
    answer = httpx.post(f"{origin.url}/internal/clicks", content=body, headers=signed("POST", "/internal/clicks", body))
    assert answer.json() == {"accepted": count, "refused": []}


def signed(method: str, path: str, body: bytes) -> dict[str, str]:
    return {signing.HEADER: signing.sign("edge", method, path, body, time.time())}
