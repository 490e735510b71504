"""The fake is held to the bounds that Cloudflare documents, so that tests against it mean something."""

import json
from typing import Any

import pytest

from kvsync.kv_fake import FakeKv

BASE = "/client/v4/accounts/local/storage/kv/namespaces/nearhop-links"


async def call(fake: FakeKv, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = await fake.handle(method, BASE + path, {"authorization": "Bearer fake"}, json.dumps(body).encode())
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(
    "pairs",
    [
        [{"key": "k" * 513, "value": ""}],
        [{"key": "é" * 257, "value": ""}],
        [{"key": "", "value": ""}],
        [{"key": "..", "value": ""}],
        [{"key": "a", "value": "v", "metadata": {"long": "x" * 1024}}],
        [{"key": "a", "value": "v" * (25 * 1024 * 1024 + 1)}],
        [{"key": "a"}],
        [{"key": f"{n}", "value": ""} for n in range(10_001)],
        {"key": "a", "value": ""},
    ],
    ids=["key", "key bytes", "empty", "dots", "metadata", "value", "no value", "too many", "no list"],
)
async def test_a_call_beyond_the_bounds_is_refused_as_a_whole(pairs: Any) -> None:
    fake = FakeKv()
    good = {"key": "good", "value": "1"}
    status, body = await call(fake, "PUT", "/bulk", [good, *pairs] if isinstance(pairs, list) else pairs)
    assert status in {400, 413, 414}
    assert body["success"] is False
    assert body["errors"][0]["message"]
    assert fake.pairs == {}


async def test_a_page_has_10_to_1000_keys() -> None:
    fake = FakeKv()
    assert (await call(fake, "GET", "/keys?limit=9"))[0] == 400
    assert (await call(fake, "GET", "/keys?limit=1001"))[0] == 400
    fake.pairs = {f"a/{n:04}": ("v", {"v": n}) for n in range(1, 1002)}
    _, body = await call(fake, "GET", "/keys")
    assert len(body["result"]) == 1000
    _, rest = await call(fake, "GET", f"/keys?cursor={body['result_info']['cursor']}")
    assert rest["result"] == [{"name": "a/1001", "metadata": {"v": 1001}}]
    assert rest["result_info"]["cursor"] == ""


async def test_a_value_is_read_back_by_its_encoded_key() -> None:
    fake = FakeKv()
    await call(fake, "PUT", "/bulk", [{"key": "a/é", "value": "ß"}])
    answer = await fake.handle("GET", f"{BASE}/values/a%2F%C3%A9", {"authorization": "Bearer fake"}, b"")
    assert answer.body.decode() == "ß"
    assert (await call(fake, "GET", "/values/none"))[0] == 404


async def test_versions_that_fall_are_noticed() -> None:
    fake = FakeKv()
    for version in (1, 2, 2):
        await call(fake, "PUT", "/bulk", [{"key": "a", "value": "", "metadata": {"v": version}}])
    assert fake.versions_never_fell()
    await call(fake, "PUT", "/bulk", [{"key": "a", "value": "", "metadata": {"v": 1}}])
    assert not fake.versions_never_fell()
