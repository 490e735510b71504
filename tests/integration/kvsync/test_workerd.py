"""kvsync against Workers KV as it runs on this machine: the KV API's worker inside the real runtime."""

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvsync.changes import Change
from kvsync.drift import Kind
from kvsync.errors import KvForbidden, KvRefused
from kvsync.kv_api import KvApi, ListedKey
from kvsync.settings import Settings
from tests.integration.kvsync.conftest import Feeding, Running
from tests.integration.kvsync.editing import DOMAIN, Editor, drained
from tests.integration.kvsync.test_reconcile import reconcile
from tests.workerd.edge_process import TOKEN, EdgeProcess

pytestmark = pytest.mark.workerd


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeProcess]:
    home = tmp_path_factory.mktemp("edge") / "home"
    edge = EdgeProcess(home, origin_port=1, NEARHOP_EDGE_FRESH_SECONDS="1", NEARHOP_EDGE_STALE_SECONDS="3600")
    try:
        yield edge.start()
    finally:
        edge.end()


@pytest.fixture
def settings(postgres_url: str, edge: EdgeProcess, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        database_url=postgres_url,
        cloudflare_api_url=f"http://127.0.0.1:{edge.kv_port}/client/v4",
        cloudflare_api_token=TOKEN,
        kv_key_interval_seconds=0,
        kv_poll_seconds=0.2,
        kv_settle_seconds=0,
    )


def change(key: str, version: int = 1, value: str | None = "1.1.1.1.https://example.com/") -> Change:
    return Change(key, version, value, 0)


async def listed(api: KvApi) -> list[ListedKey]:
    found, cursor = await api.list_page()
    while cursor:
        page, cursor = await api.list_page(cursor)
        found += page
    return found


async def test_pairs_are_written_listed_in_byte_order_and_deleted(settings: Settings) -> None:
    names = [f"list.test/{n}" for n in range(1_050)] + [
        f"list.test/{code}" for code in ("é", "ﬀ", "😀", "Z", "a-b", "~")
    ]
    async with KvApi(settings) as api:
        assert await api.put([change(name, 7) for name in names]) == set()
        ours = [each for each in await listed(api) if each.name.startswith("list.test/")]
        assert ours == [ListedKey(name, 7) for name in sorted(names, key=lambda name: name.encode())]
        assert await api.delete([change(name, value=None) for name in names]) == set()
        assert not [each for each in await listed(api) if each.name.startswith("list.test/")]


async def test_a_call_with_one_bad_pair_is_refused_as_a_whole(settings: Settings) -> None:
    async with KvApi(settings) as api:
        with pytest.raises(KvRefused):
            await api.put([change("bad.test/good"), change("bad.test/" + "k" * 512)])
        assert "bad.test/good" not in {each.name for each in await listed(api)}


@pytest.mark.parametrize("field", ["cloudflare_api_token", "cloudflare_account_id", "cloudflare_kv_namespace_id"])
async def test_wrong_credentials_are_told_from_bad_pairs(settings: Settings, field: str) -> None:
    wrong: dict[str, str] = {field: "wrong"}
    async with KvApi(dataclasses.replace(settings, **wrong)) as api:  # type: ignore[arg-type]  # the texts among the settings
        with pytest.raises(KvForbidden):
            await api.put([change("wrong.test/a")])


async def test_links_reach_the_edge_and_drift_is_repaired(
    settings: Settings, editor: Editor, running: Running, edge: EdgeProcess
) -> None:
    await editor.add_domain("localhost")
    async with running():
        await editor.put("there", "https://example.com/1", "localhost")
        await editor.put("gone", "https://example.com/2", "localhost")
        await drained(editor)
        await editor.delete("gone", "localhost")
        await editor.put("there", "https://example.com/3", "localhost")
        await drained(editor)
    assert edge.location_bytes("/there") == b"https://example.com/3"
    assert (await reconcile(settings)).drift == 0
    async with KvApi(settings) as api:
        await api.put([change(f"{DOMAIN}/extra", 3)])
        await api.delete([change("localhost/there", value=None)])
        assert (await reconcile(settings)).kinds == {Kind.EXTRA: 1, Kind.MISSING: 1}
        assert [(each.name, each.version) for each in await listed(api)] == [("localhost/there", 4)]


async def test_an_edit_reaches_a_held_link_by_the_feed_alone(
    settings: Settings, editor: Editor, running: Running, feeding: Feeding, edge: EdgeProcess
) -> None:
    await editor.add_domain("localhost")
    await reconcile(settings)  # KV still has what the tests before have put there
    await editor.connection.execute("update kv_feed_state set since = now() - interval '1 h'")  # as after a while
    path = "/followed"

    def link_reads() -> int:
        stats = edge.stats()
        return int(stats["kv_reads"] - stats["feed_reads"])

    async def until_it_leads_to(end: bytes) -> None:
        while not edge.location_bytes(path).endswith(end):
            await asyncio.sleep(0.1)

    async with running(), feeding(kv_feed_heartbeat_seconds=0.5):
        await editor.put("followed", "https://example.com/1", "localhost")
        await drained(editor)
        await until_it_leads_to(b"/1")
        while not edge.stats()["feed_alive"]:
            await until_it_leads_to(b"/1")
        await asyncio.sleep(1.1)
        await until_it_leads_to(b"/1")  # a read by time that was under way is over by now
        reads = link_reads()
        for number in (b"/2", b"/3"):
            await editor.put("followed", f"https://example.com{number.decode()}", "localhost")
            await until_it_leads_to(number)
        assert link_reads() == reads
