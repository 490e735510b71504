"""`nearhop stats`: a link's clicks, drawn with letters."""

from typing import Annotated, Any

import typer
from rich.table import Table

from cli.console import counted, out, say, show_json
from cli.links import Json
from cli.naming import find_link
from cli.session import client
from shared.uncounted import uncounted

_STEPS = " ▁▂▃▄▅▆▇█"
_BAR_WIDTH, _NAME_WIDTH, _GAPS = 24, 40, 4
_WIDEST = 120  # of the line of all clicks
# The API's groups, and the field that names a row.
_TOP = {"countries": "country", "referers": "referer", "browsers": "browser", "devices": "device"}


def stats(
    code: Annotated[str, typer.Argument(help="A code, a short link or an id.")],
    interval: Annotated[str, typer.Option(help="24h, 7d, 30d, 90d, 1y, mtd, qtd, ytd or all.")] = "30d",
    timezone: Annotated[str, typer.Option(help="IANA time zone that days begin in.")] = "UTC",
    top: Annotated[int, typer.Option(min=1, max=100, help="How many rows of each list.")] = 5,
    as_json: Json = False,
) -> None:
    """Show a link's clicks: how many, when, and from where."""
    with client() as origin:
        link = find_link(origin, code)
        period = {"linkId": link["id"], "interval": interval, "timezone": timezone}
        clicks = origin.get("/analytics", groupBy="count", **period)["clicks"]
        accounting = origin.get("/analytics/accounting", **period)
        series = origin.get("/analytics", groupBy="timeseries", **period)
        tops = {group: origin.get("/analytics", groupBy=group, **period)[:top] for group in _TOP}
    if as_json:
        show_json({"link": link, "interval": interval, "clicks": clicks, "timeseries": series, **tops})
        return
    say(f"{link['shortLink']} -> {link['url']}")
    say(f"{counted(clicks, 'click')} ({interval})")
    if others := uncounted({name: part["requests"] for name, part in accounting.items() if isinstance(part, dict)}):
        say(f"{others}. People in browsers count; curl is a bot.")
    if clicks:
        _draw(series, tops)


def sparkline(values: list[int], width: int) -> str:
    """The values as blocks of eight heights; neighbours are added up where there are more values than columns."""
    size = max(1, -(-len(values) // max(1, width)))
    sums = [sum(values[start : start + size]) for start in range(0, len(values), size)]
    highest = max(sums, default=0) or 1
    return "".join(_STEPS[-(-value * (len(_STEPS) - 1) // highest)] for value in sums)


def _draw(series: list[dict[str, Any]], tops: dict[str, list[dict[str, Any]]]) -> None:
    say(sparkline([int(point["clicks"]) for point in series], min(_WIDEST, max(20, out().width - 2))))
    say(f"{series[0]['start'][:16]} to {series[-1]['start'][:16]}")
    for group, rows in tops.items():
        if rows:
            out().print(_table(group, rows))


def _table(group: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, title=group.capitalize(), title_justify="left")
    highest = max(int(row["clicks"]) for row in rows) or 1
    room = out().width - len(str(highest)) - _GAPS
    # Of a narrow terminal half is for the names; the figures are always whole.
    bar = max(1, min(_BAR_WIDTH, room // 2))
    table.add_column(max_width=max(1, min(_NAME_WIDTH, room - bar)), no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True, min_width=len(str(highest)))
    table.add_column(no_wrap=True, min_width=bar)
    for row in rows:
        clicks = int(row["clicks"])
        table.add_row(str(row[_TOP[group]]) or "unknown", str(clicks), "█" * max(1, bar * clicks // highest))
    table.show_header = False
    return table
