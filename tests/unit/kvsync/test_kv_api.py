import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from kvsync.changes import Change
from kvsync.errors import KvBusy, KvForbidden, KvRefused, KvUncertain, KvUnreachable
from kvsync.kv_api import KvApi, ListedKey, retry_after
from kvsync.kv_fake import FakeKv, Fault
from kvsync.settings import Settings


def change(key: str, version: int = 1, value: str | None = "1.1.1.1.https://example.com/") -> Change:
    return Change(key, version, value, 0)


async def test_put_stores_the_value_with_its_version_as_metadata(api: KvApi, fake: FakeKv) -> None:
    assert await api.put([change("go.test/ünï", 7, 'a "value" \u2028')]) == set()
    assert fake.pairs == {"go.test/ünï": ('a "value" \u2028', {"v": 7})}


async def test_delete_counts_an_absent_key_as_deleted(api: KvApi, fake: FakeKv) -> None:
    await api.put([change("a/1")])
    assert await api.delete([change("a/1", value=None), change("a/2", value=None)]) == set()
    assert fake.pairs == {}


async def test_put_names_the_keys_that_kv_left_out(api: KvApi, fake: FakeKv) -> None:
    fake.unsuccessful.add("a/1")
    assert await api.put([change("a/1"), change("a/2")]) == {"a/1"}
    assert list(fake.pairs) == ["a/2"]


async def test_listing_walks_pages_in_byte_order(api: KvApi) -> None:
    names = [f"a/{n}" for n in range(25)] + ["a/é", "a/z", "a/Z", "a/😀", "a/ﬀ"]
    await api.put([change(name, 3) for name in names])
    found, cursor = await api.list_page(limit=10)
    while cursor:
        page, cursor = await api.list_page(cursor, limit=10)
        found += page
    assert found == [ListedKey(name, 3) for name in sorted(names, key=lambda name: name.encode())]


@pytest.mark.parametrize("metadata", [None, {}, {"v": "3"}, {"v": True}, {"v": -1}, "3", [3]])
async def test_foreign_metadata_has_no_version(api: KvApi, fake: FakeKv, metadata: object) -> None:
    fake.pairs["a/1"] = "x", metadata
    assert (await api.list_page())[0] == [ListedKey("a/1", None)]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 408])
async def test_a_busy_kv_says_how_long_to_wait(api: KvApi, fake: FakeKv, status: int) -> None:
    fake.faults.append(Fault(status, retry_after="7"))
    with pytest.raises(KvBusy) as caught:
        await api.put([change("a/1")])
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("status", [400, 413, 414])
async def test_a_refused_call_repeats_what_kv_said(api: KvApi, fake: FakeKv, status: int) -> None:
    fake.faults.append(Fault(status))
    with pytest.raises(KvRefused, match=f"{status} 10000 simulated failure"):
        await api.put([change("a/1")])


@pytest.mark.parametrize("field", ["cloudflare_api_token", "cloudflare_account_id", "cloudflare_kv_namespace_id"])
async def test_wrong_credentials_are_not_the_rows_fault(settings: Settings, fake: FakeKv, field: str) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        answered = await fake.handle(request.method, request.url.raw_path.decode(), dict(request.headers), b"")
        return httpx.Response(answered.status, content=answered.body)

    changed: dict[str, Any] = {field: "wrong"}
    wrong = dataclasses.replace(settings, **changed)
    async with KvApi(wrong, transport=httpx.MockTransport(answer)) as api:
        with pytest.raises(KvForbidden, match="NEARHOP_CLOUDFLARE_"):
            await api.list_page()


async def test_a_broken_connection_leaves_it_open_whether_the_call_was_carried_out(api: KvApi, fake: FakeKv) -> None:
    fake.faults.append(Fault(carried_out=True))
    with pytest.raises(KvUncertain) as caught:
        await api.put([change("a/1")])
    assert caught.value.settles_in
    assert "a/1" in fake.pairs


async def test_a_silent_call_is_given_up_after_the_timeout(api: KvApi, fake: FakeKv) -> None:
    fake.delay = 60
    with pytest.raises(KvUncertain, match=r"within 0\.5 s") as caught:
        await api.put([change("a/1")])
    assert caught.value.settles_in is None


async def test_nothing_listening_is_known_not_to_have_been_sent(
    settings: Settings, free_port: Callable[[], int]
) -> None:
    nowhere = dataclasses.replace(settings, cloudflare_api_url=f"http://127.0.0.1:{free_port()}/client/v4")
    async with KvApi(nowhere) as api:
        with pytest.raises(KvUnreachable, match="NEARHOP_CLOUDFLARE_API_URL"):
            await api.list_page()


async def test_an_answer_that_is_not_the_apis_is_tried_again(settings: Settings) -> None:
    page = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>maintenance</html>"))
    async with KvApi(settings, transport=page) as api:
        with pytest.raises(KvBusy, match="not JSON"):
            await api.list_page()


@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3.0), ("0", 0.0), ("", None), (None, None), ("soon", None), ("²", None)]
)
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_as_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < (retry_after(later) or 0) <= 3600
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
