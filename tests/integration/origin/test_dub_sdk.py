"""Dub's published Python SDK, unmodified, against a real server on loopback."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Self

import pytest
import uvicorn
from dub import Dub
from dub.models import errors
from dub.models.operations import RequestBody

from origin.storage.engine import make_engine
from tests.factories import new_account
from tests.origin_app import make_app

# The SDK warns about the deprecated fields that its own models have.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Served:
    """Origin on a port of its own, in a thread with an event loop of its own."""

    def __init__(self, postgres_url: str) -> None:
        self._postgres_url = postgres_url
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/api/v1"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        self._socket.close()

    async def _serve(self) -> None:
        engine = make_engine(self._postgres_url)
        self.account = await new_account(engine)
        self._server = uvicorn.Server(uvicorn.Config(make_app(engine), log_config=None, lifespan="off"))
        self._ready.set()
        await self._server.serve([self._socket])
        await engine.dispose()


@pytest.fixture(scope="module")
def served(postgres_url: str) -> Iterator[Served]:
    with Served(postgres_url) as running:
        yield running


@pytest.fixture
def dub(served: Served) -> Iterator[Dub]:
    with Dub(token=served.account.api_key, server_url=served.url, timeout_ms=30_000) as client:
        yield client


def test_a_link_from_its_making_to_its_end(dub: Dub, served: Served) -> None:
    made = dub.links.create(request={"url": "https://example.com/sdk", "external_id": "sdk-1", "comments": "Hi"})
    assert made is not None
    assert (made.url, made.workspace_id, made.comments) == (
        "https://example.com/sdk",
        served.account.workspace_id,
        "Hi",
    )
    assert dub.links.get(request={"link_id": made.id}) == made
    assert dub.links.get(request={"external_id": "ext_sdk-1"}) == made
    assert dub.links.get(request={"domain": made.domain, "key": made.key}) == made
    changed = dub.links.update(link_id=made.id, request_body={"title": "T", "comments": None})
    assert (changed.title, changed.comments) == ("T", None)
    upserted = dub.links.upsert(request={"url": "https://example.com/sdk", "title": "U"})
    assert upserted is not None
    assert (upserted.id, upserted.title) == (made.id, "U")
    assert dub.links.delete(link_id="ext_sdk-1").id == made.id
    with pytest.raises(errors.NotFound):
        dub.links.get(request={"link_id": made.id})


def test_lists_page_themselves_and_are_counted(dub: Dub) -> None:
    wanted = [RequestBody(url=f"https://example.com/{n}", tenant_id="pages") for n in range(5)]
    made = dub.links.create_many(request=wanted)
    assert len(made) == 5
    assert dub.links.count(request={"tenant_id": "pages"}) == 5
    seen = []
    page = dub.links.list(request={"tenant_id": "pages", "page_size": 2})
    while page is not None:
        seen += [link.url for link in page.result]
        page = page.next()
    assert sorted(seen) == [f"https://example.com/{n}" for n in range(5)]


def test_one_bad_link_among_many_is_named(dub: Dub) -> None:
    wanted = [RequestBody(url="https://example.com/good"), RequestBody(url="nonsense")]
    good, bad = dub.links.create_many(request=wanted)
    assert good.url == "https://example.com/good"  # type: ignore[union-attr]  # the first is no error
    assert bad.code == "unprocessable_entity"  # type: ignore[union-attr]  # the second is


def test_a_code_of_five_characters(dub: Dub) -> None:
    made = dub.links.create(request={"url": "https://example.com/", "key_length": 5})
    assert made is not None
    assert len(made.key) == 5


def test_refusals_are_the_sdks_own_exceptions(dub: Dub, served: Served) -> None:
    with pytest.raises(errors.UnprocessableEntity) as refused:
        dub.links.create(request={"url": "javascript:alert(1)"})
    assert refused.value.data.error.code == "unprocessable_entity"
    dub.links.create(request={"url": "https://example.com/", "key": "sdk-taken"})
    with pytest.raises(errors.Conflict):
        dub.links.create(request={"url": "https://example.com/", "key": "sdk-taken"})
    with pytest.raises(errors.NotFound):
        dub.links.delete(link_id="link_zzzz")
    with Dub(token="nh_wrong", server_url=served.url) as nobody, pytest.raises(errors.Unauthorized):
        nobody.links.list(request={})


def test_qr_codes(dub: Dub) -> None:
    assert "PNG" in dub.qr_codes.get(request={"url": "https://example.com/", "size": 300})
