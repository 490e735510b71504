"""Every page of the website, rendered from templates, Markdown and data files into the bytes that are served."""

import gzip
import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from landing.settings import LandingSettings

FOLDER = Path(__file__).parent
HTML = "text/html; charset=utf-8"
# The pages with a template of their own; each Markdown file of content/ makes one more.
DESIGNED = ("home", "pricing")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, ready to send."""

    body: bytes
    compressed: bytes
    etag: str
    media_type: str

    @classmethod
    def of(cls, text: str, media_type: str) -> "Page":
        body = text.encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        return cls(body, gzip.compress(body, 9, mtime=0), etag, media_type)


def render_site(settings: LandingSettings) -> dict[str, Page]:
    """All pages by path. A mistake in a template or a content file fails here, at start."""
    render = _Renderer(settings)
    texts = {"/" if name == "home" else f"/{name}": name for name in DESIGNED}
    pages = {path: Page.of(render.designed(path, name), HTML) for path, name in texts.items()}
    for file in sorted((FOLDER / "content").glob("*.md")):
        path = f"/{file.stem}"
        pages[path] = Page.of(render.article(path, file.read_text(encoding="utf-8")), HTML)
    pages["/sitemap.xml"] = Page.of(render.sitemap(list(pages)), "application/xml")
    pages["/robots.txt"] = Page.of(render.robots(), "text/plain; charset=utf-8")
    return pages


def render_not_found(settings: LandingSettings) -> Page:
    """What is at every other address."""
    return Page.of(_Renderer(settings).designed("", "not_found"), HTML)


def data(name: str) -> dict[str, Any]:
    """A data file of content/."""
    return tomllib.loads((FOLDER / "content" / f"{name}.toml").read_text(encoding="utf-8"))


def asset(name: str) -> str:
    """The URL of a file below static/, with a hash of it, so that browsers may keep it for good."""
    path = FOLDER / "static" / name
    if not path.is_file():
        return f"/static/{name}"
    return f"/static/{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


class _Renderer:
    def __init__(self, settings: LandingSettings) -> None:
        self._base = settings.site_base
        self._markdown = MarkdownIt("commonmark", {"html": False})
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            asset=asset, base=self._base, dashboard=settings.dashboard_base, repository=settings.repository_url
        )

    def designed(self, path: str, name: str) -> str:
        values = {"pricing": data("pricing"), "comparison": data("comparison")}
        return self._environment.get_template(f"{name}.html").render(path=path, **values)

    def article(self, path: str, text: str) -> str:
        """A Markdown file: `name: value` lines up to the first empty one, then the text."""
        head, _, body = text.partition("\n\n")
        values = dict(line.split(": ", 1) for line in head.splitlines())
        html = Markup(self._markdown.render(body))  # noqa: S704  # our own files, and raw HTML in them is left escaped
        return self._environment.get_template("article.html").render(path=path, body=html, **values)

    def sitemap(self, paths: list[str]) -> str:
        return self._environment.get_template("sitemap.xml").render(paths=paths)

    def robots(self) -> str:
        return f"User-agent: *\nAllow: /\n\nSitemap: {self._base}/sitemap.xml\n"
