"""QR codes, over a small app."""

import struct
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from origin.problems import ApiProblem, on_api_problem
from origin.qr.render import Look, render
from origin.qr.views import routes

URL = "https://example.com/"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=routes(), exception_handlers={ApiProblem: on_api_problem})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as opened:
        yield opened


def side(png: bytes) -> int:
    width, height = struct.unpack(">II", png[16:24])
    assert width == height
    return int(width)


async def test_a_png_of_about_the_size_asked_for(client: httpx.AsyncClient) -> None:
    answer = await client.get("/qr", params={"url": URL, "size": "300.0"})
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert 250 <= side(answer.content) <= 300


async def test_svg_by_parameter_or_by_accept(client: httpx.AsyncClient) -> None:
    by_parameter = await client.get("/qr", params={"url": URL, "format": "svg"})
    by_accept = await client.get("/qr", params={"url": URL}, headers={"Accept": "image/svg+xml"})
    assert by_parameter.headers["content-type"] == by_accept.headers["content-type"] == "image/svg+xml"
    assert by_parameter.content == by_accept.content
    assert b"<svg" in by_parameter.content


async def test_a_browsers_image_request_gets_a_png(client: httpx.AsyncClient) -> None:
    accept = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
    assert (await client.get("/qr", params={"url": URL}, headers={"Accept": accept})).content.startswith(b"\x89PNG")


async def test_colours_and_margin(client: httpx.AsyncClient) -> None:
    params = {"url": URL, "format": "svg", "fgColor": "#aa0000", "bgColor": "00ff00", "margin": "0"}
    text = (await client.get("/qr", params=params)).text
    assert "#a00" in text
    assert "#0f0" in text
    no_margin = (await client.get("/qr", params={**params, "margin": "4", "includeMargin": "false"})).text
    assert no_margin == text


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "url"),
        ({"url": URL, "size": "100000"}, "size"),
        ({"url": URL, "level": "X"}, "level"),
        ({"url": URL, "fgColor": "javascript"}, "fgColor"),
        ({"url": URL, "margin": "-1"}, "margin"),
        ({"url": URL, "logo": "https://example.com/logo.png"}, "logo"),
        ({"url": URL + "x" * 2000}, "url"),
        ({"url": URL + "x" * 1900, "level": "H"}, "url"),
    ],
)
async def test_what_can_not_be_drawn_is_refused_by_name(
    client: httpx.AsyncClient, params: dict[str, str], field: str
) -> None:
    answer = await client.get("/qr", params=params)
    assert answer.status_code == 422
    assert field in answer.json()["error"]["message"]


def test_modules_are_whole_pixels_however_small_the_image() -> None:
    image = render(URL * 20, Look(50, "h", "#000000", "#ffffff", 2), "png")
    assert side(image) >= 50
