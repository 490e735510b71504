"""The pages of the edge itself, from the real Worker: they fit, can be read, and can be used with a keyboard alone."""

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from origin.links.passwords import derive
from origin.links.sealing import seal
from shared.kv_record import KvRecord, encode
from tests.browser.conftest import Watched
from tests.browser.look import CONTRAST, IDS, LONG, OVERFLOW, VIEWS, check
from tests.workerd.edge_process import SECRET, EdgeProcess
from tests.workerd.origin_fake import OriginFake

pytestmark = pytest.mark.workerd
GUESSED_CODES = 5
BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"
FOCUSED = "() => [document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineStyle]"


@pytest.fixture(scope="module")
def origin() -> Iterator[OriginFake]:
    origin = OriginFake(SECRET)
    yield origin
    origin.stop()


@pytest.fixture(scope="module")
def target(origin: OriginFake) -> str:
    """A page that links may lead to."""
    return f"http://127.0.0.1:{origin.port}/api/v1/qr?url=x"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, origin: OriginFake, target: str) -> Iterator[str]:
    """The base URL of an edge that has a link of every kind."""
    process = EdgeProcess(
        tmp_path_factory.mktemp("edge") / "home",
        origin.port,
        NEARHOP_EDGE_MISSES_PER_MINUTE=str(GUESSED_CODES),
        NEARHOP_EDGE_UNAVAILABLE_SECONDS="1",
    )
    try:
        process.start()
        put_links(process, target)
        yield f"http://localhost:{process.port}"
    finally:
        process.end()


def put_links(edge: EdgeProcess, target: str) -> None:
    locked = {"password": derive("open sesame", b"0123456789abcdef"), "sealed": seal(SECRET, 7, {"url": target})}
    edge.put_records({"localhost/locked": encode(KvRecord(7, 3, 1, "", locked))})
    edge.put({"plain": target, "l" * 120: LONG})
    options: dict[str, dict[str, Any]] = {
        "unsafe": {"unsafe": "It was reported as a page that asks for the passwords of a bank."},
        "framed": {"cloak": True, "og": {"title": "A frame"}},
        "app": {"ios_app": "app://open/1"},
        "over": {"expires_at": 1},
        "off": {"disabled": True},
        "early": {"starts_at": (time.time() + 86_400) * 1000},
        "once": {"once": True},
    }
    for code, each in options.items():
        edge.put_rich(f"localhost/{code}", target, **each)


async def pages(page: Page, base: str, origin: OriginFake, view: str) -> AsyncIterator[str]:
    """Opens each page in turn."""
    for path in ("locked", "plain+", "l" * 120 + "+", "locked+", "unsafe", "over", "off", "early", "nothing"):
        await page.goto(f"{base}/{path}")
        yield path
    await page.goto(f"{base}/locked")
    await page.keyboard.type("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "password refused"
    origin.fails = True
    try:
        await page.goto(f"{base}/{view.replace(' ', '-')}")
    finally:
        origin.fails = False
    await expect(page.get_by_role("heading")).to_have_text("This link can't be looked up right now")
    yield "origin down"
    for number in range(GUESSED_CODES + 1):
        await page.goto(f"{base}/{view.replace(' ', '-')}-{number}")
    await expect(page.get_by_role("heading")).to_have_text("Too many tries")
    yield "too many codes"


@pytest.mark.parametrize(("view", "name"), list(zip(VIEWS, IDS, strict=True)), ids=IDS)
async def test_every_page_of_the_edge(
    watched: Watched, edge: str, origin: OriginFake, view: dict[str, Any], name: str
) -> None:
    address = f"192.0.2.{IDS.index(name) + 1}"
    page = await watched.page(**view, extra_http_headers={"CF-Connecting-IP": address})
    async for each in pages(page, edge, origin, name):
        await check(page, each)


async def test_pages_follow_the_visitors_scheme(watched: Watched, edge: str) -> None:
    page = await watched.page(color_scheme="light")
    await page.goto(f"{edge}/over")
    light = await page.evaluate(BACKGROUND)
    await page.emulate_media(color_scheme="dark")
    assert (light, await page.evaluate(BACKGROUND)) == ("rgb(241, 246, 242)", "rgb(10, 20, 17)")
    assert await page.evaluate(CONTRAST) == []


async def test_a_password_is_typed_at_once_and_a_wrong_one_explained(watched: Watched, edge: str, target: str) -> None:
    page = await watched.page()
    await page.goto(f"{edge}/locked")
    await page.keyboard.type("wrong")
    await page.keyboard.press("Enter")
    field = page.get_by_label("Password")
    await expect(field).to_have_accessible_description("That is not the password.")
    await expect(field).to_be_focused()
    await page.keyboard.type("open sesame")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(target)


async def test_a_warning_is_passed_by_keyboard_on_purpose_only(watched: Watched, edge: str, target: str) -> None:
    page = await watched.page()
    await page.goto(f"{edge}/unsafe")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{edge}/unsafe")
    await page.keyboard.press("Tab")
    assert await page.evaluate(FOCUSED) == ["Continue at my own risk", "solid"]
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(target)


async def test_a_preview_shows_the_code_and_leads_on(watched: Watched, edge: str) -> None:
    page = await watched.page()
    await page.goto(f"{edge}/plain+")
    code = page.get_by_role("img", name="QR code of this short link")
    assert await code.evaluate("(image) => image.complete && image.naturalWidth") == 600
    order = []
    for _ in range(3):
        await page.keyboard.press("Tab")
        order.append(await page.evaluate(FOCUSED))
    assert order == [["Go there", "solid"], ["SVG", "solid"], ["PNG", "solid"]]


async def test_a_frame_fills_the_window_and_has_a_name(watched: Watched, edge: str) -> None:
    page = await watched.page(viewport={"width": 375, "height": 700})
    await page.goto(f"{edge}/framed")
    assert await page.evaluate(OVERFLOW) <= 0
    box = await page.get_by_title("A frame").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 375, "height": 700}
    await expect(page).to_have_title("A frame")


async def test_those_who_only_look_at_a_one_time_link_do_not_use_it_up(watched: Watched, edge: str) -> None:
    page = await watched.page(extra_http_headers={"Sec-Purpose": "prefetch"})
    await page.goto(f"{edge}/once")
    await check(page, "once")


async def test_an_app_that_is_missing_is_followed_by_the_page(watched: Watched, edge: str, target: str) -> None:
    agent = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1"
    )
    page = await watched.page(user_agent=agent)
    await page.goto(f"{edge}/app", wait_until="commit")
    await expect(page).to_have_url(target)
    assert all("app://" in each for each in watched.complaints)
    watched.complaints.clear()
