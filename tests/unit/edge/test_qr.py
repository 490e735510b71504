"""QR codes drawn at the edge."""

import subprocess
import sys
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redirector.qr import draw
from tests.qr_reader import read_qr
from tests.unit.edge.conftest import World

CODES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=190)


async def test_a_links_code_leads_to_it_and_needs_no_origin(world: World) -> None:
    world.put("localhost/grüße", "https://example.com/")
    world.origin_stops()
    reply = await world.get("/gr%C3%BC%C3%9Fe.qr")
    assert reply.status == 200
    leads_to = read_qr(reply.body)
    assert leads_to == "http://localhost:8787/gr%C3%BC%C3%9Fe?qr=1"
    assert world.runtime.calls == []
    await world.get(leads_to, host="")
    await world.get("/gr%C3%BC%C3%9Fe")
    world.origin_returns()
    await world.runtime.run_deferred()
    assert [click.get("trigger") for click in world.clicks] == ["qr", None]


async def test_it_is_an_image_that_browsers_may_keep_and_that_runs_nothing(world: World) -> None:
    world.put("localhost/abc", "https://example.com/")
    headers = (await world.get("/abc.qr", host="https://localhost")).headers
    assert headers["Content-Type"] == "image/svg+xml"
    assert headers["Cache-Control"] == "public, max-age=86400"
    assert headers["Content-Security-Policy"] == "default-src 'none'"
    assert (headers["X-Content-Type-Options"], headers["X-Robots-Tag"]) == ("nosniff", "noindex")


async def test_only_links_that_lead_somewhere_have_one(world: World) -> None:
    world.put("localhost/off", "https://example.com/", disabled=True)
    assert [(await world.get(f"/{code}.qr")).status for code in ("off", "nothing")] == [410, 404]


async def test_the_png_is_origins_and_its_failure_a_503(world: World) -> None:
    world.put("localhost/abc", "https://example.com/")
    world.origin_stops()
    assert (await world.get("/abc.qr.png")).status == 503
    (call,) = world.runtime.calls
    assert call.url.endswith("/api/v1/qr?url=http%3A%2F%2Flocalhost%3A8787%2Fabc%3Fqr%3D1&format=png&size=600")


@settings(max_examples=25, deadline=None)
@given(CODES)
def test_any_address_can_be_read_back(code: str) -> None:
    url = f"https://go.example.com/{quote(code, safe='')}?qr=1"[:1400]
    assert read_qr(draw(url)) == url


def test_what_is_kept_is_bounded_and_drawn_once() -> None:
    draw.cache_clear()
    for number in (*range(300), 299):
        draw(f"https://go.example.com/{number}?qr=1")
    kept = draw.cache_info()
    assert (kept.hits, kept.currsize) == (1, 128)


@pytest.mark.parametrize("module", ["redirector.handler", "redirector.qr"])
def test_a_start_does_not_pay_for_the_library(module: str) -> None:
    program = f"import sys, {module}; sys.exit('segno' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": "edge:."}, check=False).returncode == 0
