"""Links as lines for people: whole where there is room, and never wider than the terminal."""

from typing import Any

from rich.table import Table
from rich.text import Text

from cli.console import counted, out

# What makes a column worth its place: below it, the destination goes onto a line of its own.
_LEAST_DESTINATION = 24
_CREATED = len("2026-01-01")
_GAP = 2  # rich's space between columns, with one to spare


def show(links: list[dict[str, Any]]) -> None:
    """Print the links: a table where its columns fit, else two lines a link."""
    console = out()
    short = max((Text(link["shortLink"]).cell_len for link in links), default=0)
    left = console.width - max(short, len("Short link")) - len("Clicks") - _GAP * 2
    if left >= _LEAST_DESTINATION:
        dated = left >= _LEAST_DESTINATION + _CREATED + _GAP
        console.print(_table(links, short, left - (_CREATED + _GAP if dated else 0), dated=dated))
        return
    for link in links:
        console.print(Text(f"{link['shortLink']}  {counted(int(link['clicks']), 'click')}"), soft_wrap=True)
        console.print(Text(f"  {link['url']}"), no_wrap=True, overflow="ellipsis", crop=True)


def _table(links: list[dict[str, Any]], short: int, left: int, *, dated: bool) -> Table:
    table = Table(box=None, pad_edge=False)
    # The destination alone gives way: a short link that is cut is worth nothing.
    table.add_column("Short link", no_wrap=True, min_width=short)
    table.add_column("Clicks", justify="right", no_wrap=True, min_width=len("Clicks"))
    if dated:
        table.add_column("Created", no_wrap=True, min_width=_CREATED)
    table.add_column("Leads to", no_wrap=True, overflow="ellipsis", max_width=left)
    for link in links:
        created = [link["createdAt"][:_CREATED]] if dated else []
        table.add_row(link["shortLink"], str(link["clicks"]), *created, link["url"])
    return table
