"""Rendering: the one environment of templates, and what every page knows."""

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette_wtf import csrf_token

from dashboard import formats
from dashboard.assets import asset
from dashboard.dimensions import CITIES, FILTERS, LINK, TOPS, VARIANT
from dashboard.link_facts import link_facts
from dashboard.link_state import destinations, link_state
from dashboard.measures import WORDS
from dashboard.question import zone_name

SEE_OTHER = 303
THEMES = {"light": "nearhop", "dark": "nearhop-dark"}


def make_environment() -> jinja2.Environment:
    """Templates that escape everything and fail on a name that nobody gave."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for each in (
        formats.number, formats.when, formats.ago, formats.without_scheme, formats.flag, formats.country_name,
        formats.row_label, formats.money, formats.second, formats.percent, formats.day_or_time, zone_name,
    ):  # fmt: skip
        environment.filters[each.__name__] = each
    environment.filters["state"] = link_state
    environment.filters["destinations"] = destinations
    environment.filters["facts"] = link_facts
    environment.globals |= {
        "asset": asset,
        "words": WORDS,
        "titles": FILTERS,
        "cities_top": CITIES,
        "tops": {top.field: top for top in TOPS},
        "link_top": LINK,
        "variant_top": VARIANT,
    }
    return environment


class Pages:
    """Turns a template and its values into an answer."""

    def __init__(self) -> None:
        self._environment = make_environment()

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        """A whole page, or the part of one that htmx asked for."""
        workspace = request.session.get("workspace", {})
        values |= {
            "csrf_token": csrf_token(request),
            "email": request.session.get("email", ""),
            "flash": request.session.pop("flash", "") if "flash" in request.session else "",
            "may": frozenset(workspace.get("may", ())),
            "path": request.url.path,
            "workspace_name": workspace.get("name", ""),
            "theme": THEMES.get(request.cookies.get("theme", ""), ""),
            "zone": zone(request),
        }
        return HTMLResponse(self._environment.get_template(name).render(values), status)

    def part(self, name: str, request: Request, **values: Any) -> Callable[..., str]:
        """A template to be written many times: a function of what differs each time."""
        template, known = self._environment.get_template(name), {**values, "zone": zone(request)}
        return lambda **more: template.render({**known, **more})


def zone(request: Request) -> tzinfo:
    """The time zone of the browser, which static/js/zone.js writes into a cookie; UTC until it has."""
    return formats.zone_of(unquote(request.cookies.get("zone", "")))


def is_partial(request: Request) -> bool:
    """Whether htmx asks for a part of the page only. A page that it takes back from its history is a whole one."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def go(url: str) -> Response:
    """Send the browser on, with GET whatever the request was."""
    return RedirectResponse(url, SEE_OTHER)
