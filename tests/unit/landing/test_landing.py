"""The website: its pages, and how they are sent."""

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest

from landing.app import create_app
from landing.pages import data, render_site
from landing.settings import LandingSettings
from shared.errors import BadSetting

SETTINGS = LandingSettings(landing_url="https://nearhop.test/", dashboard_url="https://app.nearhop.test")
PAGES = ["/", "/pricing", "/privacy", "/changelog"]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(SETTINGS))
    async with httpx.AsyncClient(transport=transport, base_url="https://nearhop.test") as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_describes_itself(http: httpx.AsyncClient, path: str) -> None:
    text = (await http.get(path)).text
    title = re.search(r"<title>(.+)</title>", text)
    assert title
    assert f'<meta property="og:title" content="{title[1]}">' in text
    assert re.search(r'<meta name="description" content=".{40,}">', text)
    assert f'<link rel="canonical" href="https://nearhop.test{path}">' in text
    assert text.count("<h1") == 1
    assert "https://app.nearhop.test/login" in text


async def test_the_titles_and_descriptions_are_the_pages_own(http: httpx.AsyncClient) -> None:
    texts = [(await http.get(path)).text for path in PAGES]
    for pattern in (r"<title>(.+)</title>", r'name="description" content="(.+?)"'):
        assert len({re.findall(pattern, text)[0] for text in texts}) == len(PAGES)


async def test_every_link_within_the_site_leads_somewhere(http: httpx.AsyncClient) -> None:
    for path in PAGES:
        text = (await http.get(path)).text
        for target in re.findall(r'(?:href|src|content)="(/[^"]*)"', text):
            address, _, place = target.partition("#")
            if "/built/" in address:
                continue  # made by `make assets`, which the tests in a browser run
            answer = await http.get(address or path)
            assert answer.status_code == 200, target
            assert not place or f'id="{place}"' in answer.text, target


async def test_a_browser_gets_the_compressed_page(http: httpx.AsyncClient) -> None:
    async with http.stream("GET", "/", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    plain = await http.get("/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 2


async def test_a_page_that_the_browser_has_is_not_sent_again(http: httpx.AsyncClient) -> None:
    first = await http.get("/pricing")
    assert first.headers["cache-control"] == "public, max-age=300"
    for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = await http.get("/pricing", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert (await http.get("/pricing", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_head_is_answered_without_a_body(http: httpx.AsyncClient) -> None:
    answer = await http.head("/")
    assert answer.status_code == 200
    assert answer.content == b""


async def test_rendering_twice_gives_the_same_bytes() -> None:
    """Two processes behind one name must agree about a page's ETag."""
    assert render_site(SETTINGS) == render_site(SETTINGS)


@pytest.mark.parametrize("path", ["/nothing", "/pricing/", "/home", "/../pyproject.toml", "/content/pricing.toml"])
async def test_another_address_is_a_404_that_leads_back(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 404
    assert "This hop leads nowhere." in answer.text
    assert 'content="noindex"' in answer.text


async def test_the_sitemap_lists_every_page(http: httpx.AsyncClient) -> None:
    answer = await http.get("/sitemap.xml")
    assert answer.headers["content-type"].startswith("application/xml")
    places = [
        str(each.text)
        for each in ET.fromstring(answer.content).iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    ]
    assert sorted(places) == sorted(f"https://nearhop.test{path}" for path in PAGES)
    assert "Sitemap: https://nearhop.test/sitemap.xml" in (await http.get("/robots.txt")).text


async def test_the_prices_come_from_the_data_file(http: httpx.AsyncClient) -> None:
    text = (await http.get("/pricing")).text
    plans = data("pricing")["plans"]
    assert [plan["name"] for plan in plans] == ["Free", "Pro", "Business"]
    assert len({tuple(name for name, _ in plan["limits"]) for plan in plans}) == 1  # the same limits for all
    for plan in plans:
        for expected in (plan["name"], plan["price"], *(amount for _, amount in plan["limits"])):
            assert f">{expected}<" in text


def test_the_comparison_has_a_cell_for_each_column() -> None:
    comparison = data("comparison")
    for row in comparison["rows"]:
        assert len(row["cells"]) == len(comparison["columns"])


async def test_no_page_runs_a_script_or_loads_from_elsewhere(http: httpx.AsyncClient) -> None:
    for path in PAGES:
        answer = await http.get(path)
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert not re.search(r'(?:src|srcset)="(?:https?:)?//', answer.text)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy


async def test_raw_html_in_a_text_is_shown_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from landing import pages  # noqa: PLC0415  # to point it at another folder

    (tmp_path / "content").mkdir()
    for name in ("pricing.toml", "comparison.toml"):
        (tmp_path / "content" / name).write_bytes((pages.FOLDER / "content" / name).read_bytes())
    (tmp_path / "templates").symlink_to(pages.FOLDER / "templates")
    (tmp_path / "content" / "x.md").write_text(
        "title: T\ndescription: D\nlead: L\n\n<script>1</script>\n", encoding="utf-8"
    )
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    assert b"&lt;script&gt;" in pages.render_site(SETTINGS)["/x"].body


async def test_health_and_metrics(http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).json()["status"] == "ok"
    assert (await http.get("/readyz")).json()["parts"]["pages"]["ok"] is True
    await http.get("/nothing")
    text = (await http.get("/metrics")).text
    assert 'landing_requests_total{status="404"} 1.0' in text


async def test_the_plans_lead_to_the_registration(http: httpx.AsyncClient) -> None:
    plans = (await http.get("/pricing")).text.partition('id="hosted"')[2].partition('id="self"')[0]
    assert re.findall(r'<a href="([^"]+)"', plans) == ["https://app.nearhop.test/register"] * len(
        data("pricing")["plans"]
    )


def test_the_source_code_is_linked_to_where_it_is_said_to_be() -> None:
    there = render_site(LandingSettings(repository_url="https://git.example.com/nearhop"))
    assert there["/"].body.count(b'href="https://git.example.com/nearhop"') == 3
    without = render_site(LandingSettings())
    assert all(b"Source" not in page.body and b"Get the source" not in page.body for page in without.values())


def test_an_address_of_the_source_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(BadSetting, match="NEARHOP_REPOSITORY_URL"):
        LandingSettings(repository_url="javascript:alert(1)")
