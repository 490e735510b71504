"""A KV client over the fake API, without a network between them."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from kvsync.kv_api import KvApi
from kvsync.kv_fake import FakeKv
from kvsync.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        database_url="postgresql://nowhere",
        cloudflare_api_url="http://kv.test/client/v4",
        cloudflare_api_token="fake",
        kv_timeout_seconds=0.5,
        kv_lease_seconds=5,
    )


@pytest.fixture
def fake() -> FakeKv:
    return FakeKv()


@pytest.fixture
async def api(settings: Settings, fake: FakeKv) -> AsyncIterator[KvApi]:
    async def answer(request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        answered = await fake.handle(request.method, target, dict(request.headers), request.content)
        if answered.reset:
            raise httpx.ReadError("connection reset", request=request)
        return httpx.Response(answered.status, content=answered.body, headers=answered.headers)

    async with KvApi(settings, transport=httpx.MockTransport(answer)) as api:
        yield api
