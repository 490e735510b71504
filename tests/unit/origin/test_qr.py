"""QR codes, over a small app."""

import io
import struct
from collections.abc import AsyncIterator

import httpx
import pytest
import zxingcpp
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request

from origin.outbound import Outbound
from origin.problems import ApiProblem, Unprocessable, on_api_problem
from origin.qr.cache import ByteCache
from origin.qr.logos import Logos
from origin.qr.look import Frame, Look, check_contrast
from origin.qr.render import render
from origin.qr.views import routes

URL = "https://example.com/"


class NoDomains(Logos):
    """Logos of an installation without domains, which needs no database."""

    async def of_domain(self, request: Request, url: str) -> bytes | None:
        return None


def picture(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (320, 160), colour).save(out, "PNG")
    return out.getvalue()


def read(png: bytes) -> str:
    """What a scanner reads."""
    with Image.open(io.BytesIO(png)) as image:
        (found,) = zxingcpp.read_barcodes(image.convert("RGB"))
    return str(found.text)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=routes(NoDomains(Outbound())), exception_handlers={ApiProblem: on_api_problem})
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
        ({"url": URL, "fgColor": "#777777", "bgColor": "#888888"}, "fgColor"),
        ({"url": URL, "fgColor": "#ffffff", "bgColor": "#000000"}, "fgColor"),
        ({"url": URL, "frame": "circle"}, "frame"),
        ({"url": URL, "frame": "label", "frameText": "x" * 31}, "frameText"),
        ({"url": URL, "frame": "label", "frameText": "\u4f60\u597d"}, "frameText"),
        ({"url": URL, "frame": "label", "frameText": "a\nb"}, "frameText"),
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


@pytest.mark.parametrize("frame", ["none", "border", "label"])
@pytest.mark.parametrize("logo", [None, picture()])
@pytest.mark.parametrize("url", [URL, URL + "long/" * 40])
def test_scanners_read_every_kind_of_code(url: str, logo: bytes | None, frame: Frame) -> None:
    look = Look(600, "l", "#5b2be0", "#fff8ee", 2, logo, frame, "Scan me")
    png = render(url, look, "png")
    assert read(png) == url
    if frame != "label":
        assert 500 <= side(png) <= 600


def test_a_logo_is_in_the_middle_and_a_label_below() -> None:
    png = render(URL, Look(600, "l", "#000000", "#ffffff", 2, picture(), "label", "Scan me"), "png")
    with Image.open(io.BytesIO(png)) as image:
        assert image.getpixel((image.width // 2, image.width // 2)) == (255, 0, 0)
        assert image.height > image.width
        strip = image.crop((0, image.width, image.width, image.height)).convert("L")
        assert strip.getextrema() == (0, 255)  # white letters on the frame's black


def test_an_svg_has_the_logo_the_frame_and_the_words_escaped() -> None:
    look = Look(600, "l", "#102030", "#ffffff", 2, picture(), "label", "<Scan & go>")
    text = render(URL, look, "svg").decode()
    assert 'href="data:image/png;base64,' in text
    assert "&lt;Scan &amp; go&gt;</text>" in text
    assert text.count("<svg ") == text.count("</svg>") == 2
    bare = render(URL, Look(600, "l", "#102030", "#ffffff", 2, frame="border"), "svg").decode()
    assert "<text" not in bare
    assert "<image" not in bare


def test_a_code_with_a_logo_that_would_be_too_long_is_refused() -> None:
    with pytest.raises(Unprocessable, match=r"Leave the logo out\."):
        render(URL + "x" * 1900, Look(600, "l", "#000000", "#ffffff", 2, picture()), "png")


def test_contrast_is_that_of_wcag() -> None:
    check_contrast("#000", "#fff")
    check_contrast("#949494", "#ffffff")  # 3.03
    with pytest.raises(Unprocessable, match=r"contrast with bgColor is 2\.9"):
        check_contrast("#979797", "#ffffff")


def test_the_cache_forgets_what_was_used_longest_ago() -> None:
    cache = ByteCache(10)
    cache.put("a", b"1234")
    cache.put("b", b"1234")
    assert cache.get("a") == b"1234"
    cache.put("c", b"1234")
    assert [cache.get(key) for key in "abc"] == [b"1234", None, b"1234"]
    cache.put("d", b"x" * 11)
    assert [cache.get(key) for key in "abcd"] == [None] * 4
