"""Links and clicks as the command prints them, on wide terminals and narrow ones."""

from typing import Any

import pytest
from rich.console import Console

from cli import listing, stats
from cli.console import counted

LONG = "https://docs.example.com/a/very/long/way/to/the/page?with=parameters&and=more"


def link(key: str = "spring", clicks: int = 1) -> dict[str, Any]:
    return {"shortLink": f"https://go.test/{key}", "clicks": clicks, "createdAt": "2026-03-01T12:00:00Z", "url": LONG}


def printed(monkeypatch: pytest.MonkeyPatch, width: int, links: list[dict[str, Any]]) -> list[str]:
    console = Console(width=width, record=True, markup=False, highlight=False, emoji=False, quiet=False)
    monkeypatch.setattr(listing, "out", lambda: console)
    listing.show(links)
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize("width", [40, 60, 72, 80, 100])
def test_no_line_is_wider_than_the_terminal_or_wrapped(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    lines = printed(monkeypatch, width, [link(), link("autumn", 12345)])
    assert all(len(line) <= width for line in lines)
    assert len(lines) == (4 if width < 60 else 3)
    for key in ("spring", "autumn"):
        assert sum(f"https://go.test/{key}" in line for line in lines) == 1  # whole, to be copied
    assert sum("…" in line for line in lines) == 2


def test_a_wide_terminal_shows_all(monkeypatch: pytest.MonkeyPatch) -> None:
    (_, row) = printed(monkeypatch, 200, [link()])
    assert row.split() == ["https://go.test/spring", "1", "2026-03-01", LONG]


def test_a_narrow_one_has_two_lines_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, 40, [link(), link("autumn", 2)])
    assert lines[0] == "https://go.test/spring  1 click"
    assert lines[1].startswith("  https://docs.example.com/a/very")
    assert lines[2] == "https://go.test/autumn  2 clicks"


def test_a_short_link_that_does_not_fit_is_still_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, 20, [link("k" * 60)])
    assert "k" * 60 in lines[0]


@pytest.mark.parametrize(("number", "text"), [(0, "0 clicks"), (1, "1 click"), (2, "2 clicks")])
def test_one_is_no_plural(number: int, text: str) -> None:
    assert counted(number, "click") == text


@pytest.mark.parametrize("width", [30, 50, 80])
def test_top_lists_fit_as_well(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    console = Console(width=width, record=True)
    monkeypatch.setattr(stats, "out", lambda: console)
    console.print(
        stats._table("referers", [{"referer": "r" * 90, "clicks": 54321}, {"referer": "(direct)", "clicks": 1}])
    )
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert len(lines) == 3
    assert all(len(line) <= width for line in lines)
    assert "54321" in lines[1]
