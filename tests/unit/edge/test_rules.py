"""Rules: each condition by itself, and many at once against the reference."""

from typing import Any

import pytest

from redirector.languages import preferred
from redirector.user_agent import read_agent
from tests.unit.edge.conftest import World
from tests.unit.edge.decisions import AGENTS, Reference, cases, path_of

DEFAULT = "https://example.com/default"


async def test_generated_decisions_are_those_of_the_reference() -> None:
    world = World()
    made = cases(1_500, seed=3, now=world.runtime.clock)
    reference = Reference(world.runtime.clock)
    expected = [reference.destination(case, DEFAULT) for case in made]
    assert len(set(expected)) > 10  # no half of the rules is dead
    for number, case in enumerate(made):
        world.put(f"localhost/case{number}", DEFAULT, **case.options)
        reply = await world.get(path_of(number, case), headers=case.headers(number), cf=case.place)
        assert (reply.status, reply.headers["Location"]) == (302, expected[number]), case


@pytest.mark.parametrize(("header", "device", "os", "version", "browser"), AGENTS)
def test_an_agent_is_what_a_person_would_say(
    header: str, device: str, os: str, version: list[int], browser: str
) -> None:
    assert read_agent(header) == (device, os, tuple(version), browser)


@pytest.mark.parametrize(
    ("header", "offered", "best"),
    [
        ("fr, de;q=0.5", ["de", "fr"], "fr"),
        ("nl, de;q=0.5", ["de", "fr"], "de"),
        ("de-AT", ["de"], "de"),
        ("pt", ["pt-BR"], "pt-BR"),
        ("de;q=0, *", ["de", "fr"], "fr"),
        ("ja, en", ["en", "ja"], "ja"),
        ("", ["en"], None),
        ("nl", ["en"], None),
    ],
)
def test_the_preferred_language_counts(header: str, offered: list[str], best: str | None) -> None:
    assert preferred(header, offered) == best


async def test_the_rule_that_matched_stands_on_the_click(world: World) -> None:
    rules = [{"when": {"country": ["FR"]}, "url": "https://example.com/fr"}, {"url": "https://example.com/all"}]
    world.put("localhost/abc", DEFAULT, rules=rules)
    await world.get("/abc", cf={"country": "FR"})
    await world.get("/abc", cf={"country": "DE"})
    await world.runtime.run_deferred()
    told = [(click["rule"], click["url"]) for click in world.clicks]
    assert told == [(0, "https://example.com/fr"), (1, "https://example.com/all")]


@pytest.mark.parametrize(
    "rule",
    [
        {"when": {"planet": ["Mars"]}, "url": "https://example.com/x"},
        {"when": {"country": "DE"}, "url": "https://example.com/x"},
        {"unless": {"hours": ["25:00", "26:00"]}, "url": "https://example.com/x"},
        {"when": [], "url": 7},
        {"when": {"os_version": {"min": "new"}}, "url": "https://example.com/x"},
        "no rule at all",
    ],
)
async def test_a_rule_that_cannot_be_read_never_matches(world: World, rule: Any) -> None:
    world.put("localhost/abc", DEFAULT, rules=[rule])
    assert (await world.get("/abc", cf={"country": "DE"})).headers["Location"] == DEFAULT


async def test_a_returning_visitor_is_known_by_a_cookie_that_only_such_links_set(world: World) -> None:
    world.put("localhost/abc", DEFAULT, rules=[{"when": {"returning": True}, "url": "https://example.com/again"}])
    first = await world.get("/abc")
    assert (first.headers["Location"], len(first.cookies)) == (DEFAULT, 1)
    cookie = first.cookies[0].partition(";")[0]
    again = await world.get("/abc", headers={"Cookie": cookie})
    assert again.headers["Location"] == "https://example.com/again"
    assert (await world.get("/abc", headers={"Sec-GPC": "1"})).cookies == ()


async def test_an_app_is_tried_before_its_store(world: World) -> None:
    world.put("localhost/abc", DEFAULT, ios="https://apps.example.com/7", ios_app='app://"open"/1')
    iphone = {"User-Agent": AGENTS[5][0]}
    reply = await world.get("/abc", headers=iphone)
    assert reply.status == 200
    assert 'data-app="app://&quot;open&quot;/1"' in reply.body
    assert 'data-url="https://apps.example.com/7"' in reply.body
    assert "script-src 'sha256-" in reply.headers["Content-Security-Policy"]
    assert (await world.get("/abc")).headers["Location"] == DEFAULT
    await world.runtime.run_deferred()
    assert [click.get("trigger") for click in world.clicks] == ["deeplink", None]


@pytest.mark.parametrize("app", ["javascript:alert(1)", "data:text/html,x", "  JavaScript:x"])
async def test_a_script_is_no_app(world: World, app: str) -> None:
    world.put("localhost/abc", DEFAULT, rules=[{"url": "https://example.com/", "app": app}])
    assert (await world.get("/abc")).status == 302
