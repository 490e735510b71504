"""Logos in QR codes, read from a real server by a real origin, and what origin refuses to read."""

import asyncio
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from PIL import Image
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.outbound import Outbound, Unfetchable
from origin.storage.tables import domains
from tests.factories import Account, new_domain
from tests.origin_app import make_app, make_client

QR = "/api/v1/qr"
URL = "https://example.com/"
PNG = frozenset({"image/png"})


class Pictures(BaseHTTPRequestHandler):
    """Pictures, and things that are none."""

    asked: list[str]
    answers: dict[str, tuple[bytes, str, int, dict[str, str]]]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body, kind, status, headers = self.answers[self.path]
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's
        """Say nothing."""


def drawn(colour: str, size: tuple[int, int] = (40, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


Pictures.answers = {
    "/red.png": (drawn("red"), "image/png; charset=binary", 200, {}),
    "/moved": (b"", "text/plain", 302, {"Location": "/red.png"}),
    "/round": (b"", "text/plain", 302, {"Location": "/round"}),
    "/page": (b"<p>", "text/html", 200, {}),
    "/broken.png": (b"\x89PNG broken", "image/png", 200, {}),
    "/large.png": (b"x" * 1_000_001, "image/png", 200, {}),
    "/bomb.png": (drawn("red", (5000, 5000)), "image/png", 200, {}),
    "/away": (b"", "text/plain", 302, {"Location": "file:///etc/passwd"}),
    "/missing": (b"", "image/png", 404, {}),
    "/accented": (b"", "text/plain", 302, {"Location": "/rouge-\xe9.png"}),
    "/rouge-%E9.png": (drawn("red"), "image/png", 200, {}),
    "/rouge-%C3%A9.png": (drawn("red"), "image/png", 200, {}),
}


@pytest.fixture
def pictures() -> Iterator[str]:
    Pictures.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Pictures) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def middle(png: bytes) -> Any:
    with Image.open(io.BytesIO(png)) as image:
        return image.convert("RGB").getpixel((image.width // 2, image.height // 2))


async def test_a_logo_is_fetched_once_for_many_codes(engine: AsyncEngine, account: Account, pictures: str) -> None:
    async with make_client(make_app(engine, allow_private=True), account.api_key) as api:
        for size in (300, 600):
            answer = await api.get(QR, params={"url": URL, "logo": f"{pictures}/moved", "size": size})
            assert answer.status_code == 200
            assert middle(answer.content) == (255, 0, 0)
    assert Pictures.asked == ["/moved", "/red.png"]


async def test_a_logo_takes_a_key(engine: AsyncEngine, pictures: str) -> None:
    async with make_client(make_app(engine, allow_private=True)) as nobody:
        assert (await nobody.get(QR, params={"url": URL, "logo": f"{pictures}/red.png"})).status_code == 401
    assert Pictures.asked == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/round", "redirects too often"),
        ("/page", "text/html"),
        ("/broken.png", "no valid PNG"),
        ("/large.png", "1000000 bytes"),
        ("/bomb.png", "5000 x 5000 pixels"),
        ("/away", "file:"),
        ("/missing", "status 404"),
    ],
)
async def test_what_is_no_logo_is_refused_with_the_reason(
    engine: AsyncEngine, account: Account, pictures: str, path: str, reason: str
) -> None:
    async with make_client(make_app(engine, allow_private=True), account.api_key) as api:
        answer = await api.get(QR, params={"url": URL, "logo": pictures + path})
    assert answer.status_code == 422
    message = answer.json()["error"]["message"]
    assert message.startswith("logo: ")
    assert reason in message


@pytest.mark.parametrize("path", ["/rouge-é.png", "/accented"])
async def test_an_address_that_is_not_ascii_is_encoded(pictures: str, path: str) -> None:
    found = await Outbound(allow_private=True).get(pictures + path, kinds=PNG, most_bytes=10_000)
    assert found.content == drawn("red")


async def test_many_codes_at_once_cause_one_call_and_what_failed_is_left_alone(
    engine: AsyncEngine, account: Account, pictures: str
) -> None:
    async with make_client(make_app(engine, allow_private=True), account.api_key) as api:
        for path, status in (("/red.png", 200), ("/missing", 422)):
            wanted = {"url": URL, "logo": pictures + path}
            answers = await asyncio.gather(*(api.get(QR, params=wanted) for _ in range(8)))
            assert {each.status_code for each in answers} == {status}
    assert sorted(Pictures.asked) == ["/missing", "/red.png"]


async def test_private_networks_are_not_reached(
    api: httpx.AsyncClient, pictures: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await api.get(QR, params={"url": URL, "logo": f"{pictures}/red.png"})
    assert answer.status_code == 422
    assert "not reachable from the public internet" in answer.json()["error"]["message"]
    # A public name that leads to a private address is refused where the connection would be made.
    monkeypatch.setattr("anyio.getaddrinfo", _resolves_to("10.0.0.7"))
    with pytest.raises(Unfetchable, match=r"logos\.example\.com is not reachable from the public internet"):
        await Outbound().get("http://logos.example.com/red.png", kinds=PNG, most_bytes=1000)
    assert Pictures.asked == []


async def test_who_does_not_answer_is_not_waited_for() -> None:
    with pytest.raises(Unfetchable, match="can't be reached"):
        await Outbound(allow_private=True).get("http://127.0.0.1:9/", kinds=PNG, most_bytes=1000)


async def test_codes_of_a_domain_have_its_logo(engine: AsyncEngine, account: Account, pictures: str) -> None:
    slug = await new_domain(engine, account.actor.workspace_id)
    async with engine.begin() as connection:
        logo = sa.update(domains).where(domains.c.slug == slug)
        await connection.execute(logo.values(logo=f"{pictures}/red.png"))
    async with make_client(make_app(engine, allow_private=True)) as nobody:
        shown = {"url": f"https://{slug}/code?qr=1", "fgColor": "#0000ff"}
        assert middle((await nobody.get(QR, params=shown)).content) == (255, 0, 0)
        assert middle((await nobody.get(QR, params={**shown, "hideLogo": "true"})).content) != (255, 0, 0)
        async with engine.begin() as connection:
            await connection.execute(logo.values(logo=f"{pictures}/missing"))
        # A logo that is gone is no reason to have no code.
        assert middle((await nobody.get(QR, params=shown)).content) != (255, 0, 0)


def _resolves_to(address: str) -> Any:
    async def resolve(*_arguments: Any, **_options: Any) -> Any:
        return [(2, 1, 6, "", (address, 80))]

    return resolve
