"""A Chromium to drive, and what to say where there is none."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# The sandbox needs rights that root in a container lacks; the rest keeps it from calling out.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
MISSING = "There is no Chromium: install it with 'apt-get install chromium', or name one in NEARHOP_CHROMIUM"


def find() -> str | None:
    """The path of NEARHOP_CHROMIUM, else of the system's own."""
    given = os.environ.get("NEARHOP_CHROMIUM")
    if given:
        return given
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A headless Chromium; skips the test where there is none."""
    path = find()
    if path is None:
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()
