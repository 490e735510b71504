"""Paths of several segments: which link decides, and what it costs to find that out."""

import asyncio
import random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirector.address import Hosts, address_of
from redirector.settings import EdgeSettings
from shared.errors import BadCode
from shared.kv_record import KvRecord, encode
from shared.slug import MAX_SEGMENTS, leading_codes, normalize_code
from tests.unit.edge.conftest import World

DEFAULTS = EdgeSettings()
EXACT, DOCS = "https://example.com/exact", "https://docs.example.com"


def origin_reads(world: World) -> int:
    return sum(call.method == "GET" for call in world.runtime.calls)


async def location(world: World, path: str, **more: Any) -> str:
    return str((await world.get(path, **more)).headers.get("Location"))


async def test_a_code_of_segments_is_one_read_and_then_none(world: World) -> None:
    world.put("localhost/c/abc", EXACT)
    assert [await location(world, "/c/abc") for _ in range(3)] == [EXACT] * 3
    assert (world.runtime.kv_reads, origin_reads(world)) == (["localhost/c/abc"], 0)


@pytest.mark.parametrize("path", ["/c/%C3%A9t%C3%A9", "/c/e%CC%81te%CC%81/", "/%63/été?x=1", "/c%2F%C3%A9t%C3%A9"])
async def test_it_is_found_in_any_spelling(world: World, path: str) -> None:
    world.put("localhost/c/été", EXACT)
    assert await location(world, path) == EXACT


async def test_the_longest_match_decides(world: World) -> None:
    world.put("localhost/docs", DOCS, prefix=True, below=["v2", "v2/install", "plain"])
    world.put("localhost/docs/v2", f"{DOCS}/two", prefix=True, below=["install"])
    world.put("localhost/docs/v2/install", EXACT)
    world.put("localhost/docs/plain", "https://example.com/plain")
    expected = {
        "/docs": DOCS,
        "/docs/": DOCS,
        "/docs/x": f"{DOCS}/x",
        "/docs/x/y/z/1/2": f"{DOCS}/x/y/z/1/2",
        "/docs//x": f"{DOCS}//x",
        "/docs/x%5B/": f"{DOCS}/x%5B/",
        "/docs/v2": f"{DOCS}/two",
        "/docs/v2/": f"{DOCS}/two",
        "/docs/v2/x": f"{DOCS}/two/x",
        "/docs/v2/install": EXACT,
        "/docs/v2/install/x": f"{DOCS}/two/install/x",  # the one of all these segments carries nothing on
        "/docs/plain": "https://example.com/plain",
        "/docs/plain/x": f"{DOCS}/plain/x",
        "/docs/x+": f"{DOCS}/x+",
        "/docs/x.qr": f"{DOCS}/x.qr",
    }
    paths = [*expected, *expected]
    random.Random(7).shuffle(paths)
    assert [await location(world, path) for path in paths] == [expected[path] for path in paths]
    assert origin_reads(world) == 0


async def test_paths_below_a_link_that_carries_them_on_cost_nothing_each(world: World) -> None:
    world.put("localhost/docs", DOCS, prefix=True, below=["install"])
    await world.get("/docs/first")
    world.runtime.kv_reads.clear()
    for number in range(200):
        assert await location(world, f"/docs/{number}/x") == f"{DOCS}/{number}/x"
    assert (world.runtime.kv_reads, origin_reads(world)) == ([], 0)


async def test_many_visitors_of_one_cold_link_read_it_once(world: World) -> None:
    world.put("localhost/docs", DOCS, prefix=True)
    replies = await asyncio.gather(*(world.get(f"/docs/{number}") for number in range(30)))
    assert {reply.status for reply in replies} == {302}
    assert (world.runtime.kv_reads.count("localhost/docs"), origin_reads(world)) == (1, 0)


async def test_a_path_that_nobody_made_is_asked_for_once_with_all_that_lie_beside_it(world: World) -> None:
    for number in range(50):
        assert (await world.get(f"/wp-admin/{number}/x.php")).status == 404
    assert origin_reads(world) == 1
    assert len(world.runtime.kv_reads) == 3 + 1  # and the domain's own record
    world.links["localhost/wp-admin/new"] = "1.1.1.1.https://example.com/new"
    world.runtime.clock += DEFAULTS.missing_seconds
    assert await location(world, "/wp-admin/new") == "https://example.com/new"


async def test_what_lies_below_a_plain_link_is_asked_for_once_too(world: World) -> None:
    world.put("localhost/promo", EXACT)
    assert [(await world.get(f"/promo/{number}")).status for number in range(20)] == [404] * 20
    assert origin_reads(world) == 1


async def test_unknown_codes_below_others_cost_what_unknown_codes_cost(world: World) -> None:
    world.links["localhost/c/abc"] = "1.1.1.1.https://example.com/"
    for _ in range(2):
        for number in range(5):
            assert (await world.get(f"/c/no{number}")).status == 404
    assert origin_reads(world) == 5


async def test_new_codes_work_before_kv_has_them(world: World) -> None:
    world.put("localhost/plain", EXACT)
    await world.get("/plain")
    world.links["localhost/c/abc"] = "1.1.1.1.https://example.com/c"
    world.links["localhost/plain/x"] = "1.1.1.1.https://example.com/x"
    world.links["localhost/new"] = encode(KvRecord(7, 3, 1, DOCS, {"prefix": True}))
    world.links["go.example/c/abc"] = "1.1.1.1.https://example.com/go"
    assert await location(world, "/c/abc") == "https://example.com/c"
    assert await location(world, "/plain/x") == "https://example.com/x"
    assert await location(world, "/new/a/b") == f"{DOCS}/a/b"
    assert await location(world, "/c/abc", host="http://go.example") == "https://example.com/go"
    asked = origin_reads(world)
    assert await location(world, "/new/c/d") == f"{DOCS}/c/d"
    assert await location(world, "/c/abc") == "https://example.com/c"
    assert origin_reads(world) == asked


async def test_a_new_code_below_a_link_that_names_it_comes_from_origin(world: World) -> None:
    world.put("localhost/docs", DOCS, prefix=True, below=["install"])
    world.links["localhost/docs/install"] = "1.1.1.1.https://example.com/install"
    assert await location(world, "/docs/x") == f"{DOCS}/x"
    assert await location(world, "/docs/install") == "https://example.com/install"
    assert origin_reads(world) == 1


async def test_a_code_that_is_named_but_gone_leaves_the_way_to_the_link_above(world: World) -> None:
    world.links["localhost/docs"] = world.put("localhost/docs", DOCS, prefix=True, below=["gone"])
    assert [await location(world, "/docs/gone") for _ in range(3)] == [f"{DOCS}/gone"] * 3
    assert origin_reads(world) == 1


async def test_a_link_that_says_any_code_may_lie_below_it_has_each_looked_up(world: World) -> None:
    world.links["localhost/docs"] = world.put("localhost/docs", DOCS, prefix=True, below=True)
    world.put("localhost/docs/one", EXACT)
    assert await location(world, "/docs/one") == EXACT
    assert await location(world, "/docs/two") == f"{DOCS}/two"


async def test_the_preview_and_the_qr_code_are_those_of_the_whole_code(world: World) -> None:
    world.put("localhost/c/abc", EXACT)
    peek = await world.get("/c/abc+")
    assert peek.status == 200
    assert 'src="/c/abc.qr"' in peek.body
    assert "localhost%3A8787%2Fc%2Fabc" in peek.body  # where it can be reported
    assert "localhost:8787/c/abc?qr=1" in (await world.get("/c/abc.qr")).body
    assert (await world.get("/c/no+")).status == 404
    world.origin_stops()
    assert (await world.get("/c/abc.qr.png")).status == 503  # origin draws it
    assert world.runtime.calls[-1].url.endswith("%2Fc%2Fabc%3Fqr%3D1&format=png&size=600")


async def test_an_encoded_slash_is_a_letter_of_a_code_and_of_what_is_carried_on_and_ends_no_segment(
    world: World,
) -> None:
    world.put("localhost/docs", DOCS, prefix=True)
    assert (await world.get("/docs%2Fx")).status == 404
    assert await location(world, "/docs/x%2Fy") == f"{DOCS}/x%2Fy"
    world.put("localhost/docs/exact", EXACT)
    assert await location(world, "/docs%2Fexact") == EXACT


async def test_a_cookie_stays_with_the_whole_code(world: World) -> None:
    world.put("localhost/c/ü", EXACT, rules=[{"url": EXACT, "when": {"returning": True}}])
    assert "Path=/c/%C3%BC;" in (await world.get("/c/%C3%BC")).cookies[0]


async def test_a_cookie_of_the_code_above_is_no_cookie_of_the_one_below(world: World) -> None:
    again = "https://example.com/again"
    variants = [{"url": f"https://example.com/{name}", "weight": weight} for name, weight in (("a", 1e-9), ("b", 1))]
    for code in ("docs", "docs/install"):
        rules = [{"url": again, "when": {"returning": True}}]
        world.put(f"localhost/{code}", DOCS, rules=rules, variants=variants, sticky="cookie")
    sent = [each.partition(";")[0] for each in (await world.get("/docs")).cookies]
    sent = [each.replace("=1", "=0") if each.startswith("nh_variant") else each for each in sent]
    above = {"Cookie": "; ".join(sent)}
    assert len(sent) == 2
    assert await location(world, "/docs", headers=above) == again
    assert await location(world, "/docs/install", headers=above) == "https://example.com/b"
    own = [each.partition(";")[0] for each in (await world.get("/docs/install", headers=above)).cookies]
    assert await location(world, "/docs/install", headers={"Cookie": "; ".join(sent + own)}) == again


async def test_clicks_tell_the_whole_code(world: World) -> None:
    world.put("localhost/c/abc", EXACT)
    world.put("localhost/docs", DOCS, prefix=True)
    for path in ("/c/abc", "/c/abc", "/docs/a/b"):
        await world.get(path)
    await world.runtime.run_deferred()
    assert [(click["code"], click.get("path")) for click in world.clicks] == [
        ("c/abc", None),
        ("c/abc", None),
        ("docs", "a/b"),
    ]


async def test_a_domain_that_ignores_case_ignores_it_in_every_segment(world: World) -> None:
    world.put("go.example/", "", ignore_case=True)
    world.put("go.example/c/abc", EXACT)
    world.put("go.example/docs", DOCS, prefix=True)
    for path, to in (("/C/aBC", EXACT), ("/Docs/Install", f"{DOCS}/Install"), ("/C/ABC/", EXACT)):
        assert await location(world, path, host="http://go.example") == to


async def test_it_ignores_it_where_the_link_above_is_held_too(world: World) -> None:
    world.put("go.example/", "", ignore_case=True)
    for domain in ("go.example", "localhost"):
        world.put(f"{domain}/docs", DOCS, prefix=True, below=["install"])
        world.put(f"{domain}/docs/install", EXACT)
        await world.get("/docs/x", host=f"http://{domain}")
    assert await location(world, "/docs/Install", host="http://go.example") == EXACT
    assert await location(world, "/docs/Install") == f"{DOCS}/Install"


async def test_capitals_in_paths_that_lead_nowhere_else_cost_nothing(world: World) -> None:
    world.put("localhost/docs", DOCS, prefix=True, below=["install"])
    await world.get("/docs/first")
    world.runtime.kv_reads.clear()
    assert await location(world, "/docs/README/X") == f"{DOCS}/README/X"
    assert world.runtime.kv_reads == []


@pytest.mark.parametrize("wrong", ["%5B", "%23/x", "/x", "x+/y"])
@pytest.mark.parametrize("below", [None, True])
async def test_a_path_that_no_code_can_have_hides_no_code_beside_it(
    world: World, wrong: str, below: bool | None
) -> None:
    if below:
        world.links["localhost/a"] = world.put("localhost/a", DOCS, prefix=True, below=True)
    world.links["localhost/a/b/c"] = world.put("localhost/a/b/c", EXACT)
    assert (await world.get(f"/a/b/{wrong}")).status == (302 if below else 404)
    assert await location(world, "/a/b/c") == EXACT


@pytest.mark.parametrize(("key", "path"), [("localhost/c/abc", "/c/abc"), ("localhost/docs", "/docs/x")])
async def test_what_was_deleted_does_not_come_back_while_nobody_answers(world: World, key: str, path: str) -> None:
    world.put(key, EXACT, prefix=True)
    await world.get(path)
    world.runtime.kv.clear()
    world.runtime.clock += DEFAULTS.fresh_seconds + DEFAULTS.stale_seconds
    assert (await world.get(path)).status == 404
    world.runtime.clock += DEFAULTS.missing_seconds
    world.runtime.kv_works = False
    world.origin_stops()
    assert (await world.get(path)).status == 503


async def test_known_codes_outlive_everything_behind_the_edge(world: World) -> None:
    world.put("localhost/c/abc", EXACT)
    world.put("localhost/docs", DOCS, prefix=True)
    await world.get("/c/abc")
    await world.get("/docs/x")
    world.runtime.kv_works = False
    world.origin_stops()
    for _ in range(4):
        world.runtime.clock += DEFAULTS.fresh_seconds + DEFAULTS.stale_seconds
        assert await location(world, "/c/abc") == EXACT
        assert await location(world, "/docs/y") == f"{DOCS}/y"
    assert (await world.get("/c/other")).status == 503


async def test_without_origin_kv_is_enough(world: World) -> None:
    world.origin_stops()
    world.put("localhost/a/b", EXACT)
    world.put("localhost/x/y", DOCS, prefix=True)
    assert await location(world, "/a/b") == EXACT
    assert await location(world, "/x/y/z") == f"{DOCS}/z"
    assert (await world.get("/a/c")).status == 503


async def test_while_kv_fails_origin_helps_out(world: World) -> None:
    world.runtime.kv_works = False
    world.links["localhost/c/abc"] = "1.1.1.1.https://example.com/"
    assert await location(world, "/c/abc") == "https://example.com/"


async def test_an_answer_that_origin_did_not_sign_is_refused(world: World) -> None:
    world.answer_secret = "somebody else's"
    world.links["localhost/c/abc"] = "1.1.1.1.https://evil.example/"
    assert (await world.get("/c/abc")).status == 503
    assert (await world.get("/c/none")).status == 503


async def test_an_edit_and_a_deletion_of_a_code_of_segments_are_seen(world: World) -> None:
    world.put("localhost/c/abc", "https://example.com/old", version=1)
    await world.get("/c/abc")
    await world.runtime.run_deferred()
    world.put("localhost/c/abc", "https://example.com/new", version=2)
    world.runtime.clock += DEFAULTS.fresh_seconds
    assert await location(world, "/c/abc") == "https://example.com/old"
    await world.runtime.run_deferred()
    assert await location(world, "/c/abc") == "https://example.com/new"
    world.runtime.kv.clear()
    world.runtime.clock += DEFAULTS.fresh_seconds + DEFAULTS.stale_seconds
    assert (await world.get("/c/abc")).status == 404


async def test_guessing_paths_is_bounded_as_guessing_codes_is() -> None:
    world = World(misses_per_minute=5)
    world.links["localhost/c/abc"] = "1.1.1.1.https://example.com/"
    headers = {"CF-Connecting-IP": "192.0.2.7"}
    statuses = [(await world.get(f"/g{n}/x/y/z", headers=headers)).status for n in range(40)]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    assert origin_reads(world) <= 5
    assert len([key for key in world.runtime.kv_reads if key != "localhost/"]) <= 5 * 10 * MAX_SEGMENTS
    before = len(world.runtime.kv_reads)
    world.put("localhost/c/abc", EXACT)
    await world.get("/c/abc")  # held by now
    for number in range(100):
        await world.get(f"/h{number}/x/y/z", headers=headers)
    assert len(world.runtime.kv_reads) - before < 60
    assert (await world.get("/c/abc", headers=headers)).status == 302


async def test_a_link_that_carries_paths_on_to_itself_leads_nowhere(world: World) -> None:
    world.put("go.example/docs", "https://go.example/docs", prefix=True, below=["install"])
    world.put("go.example/docs/install", "https://go.example/docs/install")
    world.put("go.example/c/abc", "https://Go.example/c/%61bc")
    world.put("go.example/other", "https://go.example/docs", prefix=True)
    host = "http://go.example"
    for path in ("/docs", "/docs/x", "/docs/x/y/z/1/2", "/docs/install", "/c/abc"):
        assert (await world.get(path, host=host)).status == 508, path
    assert await location(world, "/other/x", host=host) == "https://go.example/docs/x"


SEGMENT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters='/\\?#%<>"^`{|}[]'),
    min_size=1,
    max_size=12,
)


@given(st.lists(SEGMENT, min_size=1, max_size=MAX_SEGMENTS).map("/".join))
def test_every_code_that_is_accepted_survives_the_way_through_a_url(text: str) -> None:
    try:
        code = normalize_code(text)
    except BadCode:
        return
    hosts = Hosts("localhost")
    for path in (quote(code), quote(code, safe=""), quote(text), f"{quote(code)}/", code):
        found = address_of(hosts, "localhost", path)
        assert found is not None
        assert (found.code, found.rest, found.view) == (code, "", "")
    found = address_of(hosts, "localhost", quote(code))
    assert found is not None
    assert [each.code for each in found.each()] == [code, *leading_codes(code)]
    for view in ("+", ".qr", ".qr.png"):
        shown = address_of(hosts, "localhost", f"{quote(code)}{view}")
        assert shown is not None
        assert (shown.code, shown.view) == (code, view)


@given(
    st.lists(st.sampled_from(["a", "b", "", "x+", "y.qr", "%5B", "é", "%C3%A9", "robots.txt"]), min_size=2, max_size=7)
)
def test_each_address_and_its_rest_make_up_the_path(segments: list[str]) -> None:
    path = "/".join(segments)
    address = address_of(Hosts("localhost"), "localhost", path)
    if address is None:
        assert path in ("", "/") or not segments[0] or segments[0] in ("x+", "y.qr", "%5B", "robots.txt")
        return
    for each in address.each():
        count = each.code.count("/") + 1
        assert each.rest == "/".join(segments[count:]) or (not each.rest and segments[count:] in ([], [""]))
    assert len(list(address.each())) == len({each.code for each in address.each()}) <= MAX_SEGMENTS


async def test_memory_and_a_slow_search_come_to_the_same() -> None:
    """Random trees of links, asked for in random order with forgetting in between, against a plain reading of the rule."""
    draw = random.Random(3)
    for _ in range(30):
        world = World()
        names = ["a", "b", "a/b", "a/c", "b/a", "a/b/c", "a/b/a", "b/a/b/c", "a/b/c/a"]
        made = {name: draw.random() < 0.5 for name in names if draw.random() < 0.6}
        for name, carries in made.items():
            below = [each[len(name) + 1 :] for each in made if each.startswith(f"{name}/")]
            options = {"prefix": True, "below": below} if carries else {}
            value = encode(KvRecord(7, 3, 1, f"https://example.com/{name}!", options))
            world.links[f"localhost/{name}"] = value
            if draw.random() < 0.7:
                world.runtime.kv[f"localhost/{name}"] = value
        for _ in range(60):
            path = "/".join(draw.choice(["a", "b", "c", "%5B"]) for _ in range(draw.randrange(1, 6)))
            exact = f"https://example.com/{path}!" if path in made else None
            carried = next((code for code in leading_codes(path) if made.get(code)), None)
            wanted = exact or (carried and f"https://example.com/{carried}!/{path[len(carried) + 1 :]}")
            assert await location(world, f"/{path}") == str(wanted), (path, made)
            world.runtime.clock += draw.choice([0, 1, 30, 100])
