"""What is checked of every page, in every size and theme."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
LONG = "https://example.com/" + "a-very-long-part-of-an-address" * 8
VIEWS: list[dict[str, Any]] = [
    {"viewport": {"width": width, "height": 780}, "color_scheme": scheme}
    for width in (375, 1280)
    for scheme in ("light", "dark")
]
IDS = ["phone light", "phone dark", "desk light", "desk dark"]

# Names as a screen reader would find them, for whatever can be focused or pressed.
NAMELESS = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, img, [role=img]")]
    .filter((each) => each.checkVisibility())
    .filter((each) => !(each.ariaLabel || each.alt === "" || each.alt || each.labels?.length || each.textContent.trim()
        || document.getElementById(each.getAttribute("aria-labelledby"))))
    .map((each) => each.outerHTML.slice(0, 120))"""
OUTLINE = """() => ({
    mains: document.querySelectorAll("main").length,
    h1s: document.querySelectorAll("h1").length,
    skipped: [...document.querySelectorAll("h1, h2, h3, h4")].map((each) => Number(each.tagName[1]))
        .filter((level, at, all) => at > 0 && level > all[at - 1] + 1).length,
    doubled: [...document.querySelectorAll("[id]")].map((each) => each.id).filter((id, at, all) => all.indexOf(id) !== at),
    dangling: [...document.querySelectorAll("[aria-describedby], [aria-labelledby]")]
        .flatMap((each) => ["aria-describedby", "aria-labelledby"].map((name) => each.getAttribute(name) ?? ""))
        .flatMap((ids) => ids.split(" "))
        .filter((id) => id && !document.getElementById(id)),
    language: document.documentElement.lang,
})"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def check(page: Page, name: str) -> None:
    await page.wait_for_load_state()
    assert await page.evaluate(OVERFLOW) <= 0, f"{name} scrolls sideways"
    assert await page.evaluate(CONTRAST) == [], name
    assert await page.evaluate(NAMELESS) == [], name
    outline = await page.evaluate(OUTLINE)
    assert outline == {"mains": 1, "h1s": 1, "skipped": 0, "doubled": [], "dangling": [], "language": "en"}, name
