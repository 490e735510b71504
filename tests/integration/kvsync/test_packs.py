"""The packs of popular links on a real Postgres: what is in them, when they are written, what becomes of it when KV fails."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest

from kvsync import database
from kvsync.errors import KvBusy
from kvsync.kv_api import KvApi
from kvsync.kv_fake import FakeKv, Fault
from kvsync.metrics import Metrics
from kvsync.pack_writer import PackWriter
from kvsync.settings import Settings
from kvsync.waits import Signals
from shared import link_packs
from shared.kv_record import KvRecord, encode
from shared.link_packs import pack_key
from tests.integration.kvsync.conftest import Feeding, Running
from tests.integration.kvsync.editing import DOMAIN, Editor, drained
from tests.integration.kvsync.test_feed import until_told
from tests.integration.kvsync.test_reconcile import reconcile

_RANK = """
update popular_links set ranked_at = clock_timestamp(), link_ids = array(
    select l.id from unnest(%s::text[]) with ordinality as c (code, place) join links l on l.key = code order by place
)
"""


class Packing:
    """One writer, and the ranking that origin would make."""

    def __init__(self, settings: Settings, api: KvApi, editor: Editor) -> None:
        self.settings = settings
        self.writer = PackWriter(settings, api, Signals(), Metrics())
        self.editor = editor

    async def rank(self, *codes: str) -> None:
        await self.editor.connection.execute(_RANK, (list(codes),))

    async def round(self) -> bool:
        async with await database.connect(self.settings.database_url) as connection:
            return await self.writer.round(connection)


@pytest.fixture
async def packing(settings: Settings, editor: Editor) -> AsyncIterator[Packing]:
    await editor.connection.execute("truncate popular_links, kv_packs_state")
    await editor.connection.execute("insert into popular_links default values")
    await editor.connection.execute("insert into kv_packs_state default values")
    await editor.connection.execute("update kv_feed_state set since = now() - interval '1 hour'")
    own = dataclasses.replace(settings, kv_pack_seconds=1e-6)
    async with KvApi(own) as api:
        yield Packing(own, api, editor)


def lines(fake: FakeKv, number: int = 0) -> list[str]:
    return fake.pairs[pack_key(number)][0].split("\n")[2:-1]


def packs_in(fake: FakeKv) -> int:
    return sum(key.startswith(link_packs.PREFIX) for key in fake.pairs)


async def test_a_pack_has_the_records_of_the_popular_links_as_postgres_has_them(
    packing: Packing, editor: Editor, fake: FakeKv
) -> None:
    for code in ("c", "a", "b", "unpopular"):
        await editor.put(code, f"https://example.com/{code}")
    await packing.rank("b", "c", "a")
    before = await editor.one("select extract(epoch from clock_timestamp())::float8")
    assert await packing.round()
    wanted = await editor.wanted()
    assert lines(fake) == [f"{DOMAIN}/{code}\t{wanted[f'{DOMAIN}/{code}'][0]}" for code in "abc"]
    header = link_packs.read_header(fake.pairs[pack_key(0)][0].encode())
    assert header.packs == 1
    assert before - 0.01 <= header.at <= await editor.one("select extract(epoch from clock_timestamp())::float8")


async def test_aliases_of_popular_links_are_in_it_and_sealed_links_are_not(
    packing: Packing, editor: Editor, fake: FakeKv
) -> None:
    for code in ("a", "alias", "sealed"):
        await editor.put(code, f"https://example.com/{code}")
    await editor.connection.execute(
        "update links set alias_of = (select id from links where key = 'a') where key = 'alias'"
    )
    sealed = encode(KvRecord(3, 1, 9, "", {"password": "verifier", "sealed": "ciphertext"}))
    await editor.connection.execute("update links set kv_value = %s where key = 'sealed'", (sealed,))
    await packing.rank("a", "sealed")
    assert await packing.round()
    assert [line.partition("\t")[0] for line in lines(fake)] == [f"{DOMAIN}/a", f"{DOMAIN}/alias"]
    assert "verifier" not in fake.pairs[pack_key(0)][0]


async def test_without_a_ranking_nothing_is_written(packing: Packing, editor: Editor, fake: FakeKv) -> None:
    await editor.put("a", "https://example.com/")
    assert not await packing.round()
    assert packs_in(fake) == 0


async def test_packs_are_written_again_for_another_ranking_and_for_no_other_reason(
    packing: Packing, editor: Editor, fake: FakeKv
) -> None:
    for code in ("a", "b"):
        await editor.put(code, "https://example.com/")
    await packing.rank("a")
    assert [await packing.round() for _ in range(3)] == [True, False, False]
    await packing.rank("b")
    assert [await packing.round() for _ in range(3)] == [True, False, False]
    assert [line.partition("\t")[0] for line in lines(fake)] == [f"{DOMAIN}/b"]


async def test_packs_are_written_again_when_changes_have_left_the_feed_since(packing: Packing, editor: Editor) -> None:
    await editor.put("a", "https://example.com/")
    await packing.rank("a")
    assert await packing.round()
    await editor.connection.execute("update kv_feed_state set since = clock_timestamp()")
    assert await packing.round()


async def test_packs_are_not_written_more_often_than_they_may(
    packing: Packing, settings: Settings, editor: Editor
) -> None:
    await editor.put("a", "https://example.com/")
    await packing.rank("a")
    async with KvApi(settings) as api:
        slow = Packing(dataclasses.replace(settings, kv_pack_seconds=3600), api, editor)
        assert await slow.round()
        await packing.rank("a")
        assert not await slow.round()


@pytest.mark.parametrize(
    ("written", "reaches_back", "again"), [(30, 200, False), (70, 200, True), (70, 170, False), (700, 170, True)]
)
async def test_while_many_changes_come_packs_are_written_again_sooner_if_they_will_be_good_for_a_while(
    packing: Packing, settings: Settings, editor: Editor, written: int, reaches_back: int, again: bool
) -> None:
    await editor.put("a", "https://example.com/")
    await packing.rank("a")
    async with KvApi(settings) as api:
        usual = Packing(dataclasses.replace(settings, kv_pack_seconds=600), api, editor)
        assert await usual.round()
        at = "now() - make_interval(secs => %s)"
        await editor.connection.execute(f"update kv_packs_state set written_at = {at}", (written,))
        await editor.connection.execute("update kv_packs_state set read_at = now() - interval '1 hour'")
        await editor.connection.execute(f"update kv_feed_state set since = {at}", (reaches_back,))
        assert await usual.round() is again


async def test_of_two_writers_one_writes(packing: Packing, settings: Settings, editor: Editor, fake: FakeKv) -> None:
    await editor.put("a", "https://example.com/")
    await packing.rank("a")
    async with KvApi(settings) as api:
        other = Packing(packing.settings, api, editor)
        assert sorted(await asyncio.gather(packing.round(), other.round())) == [False, True]
    assert sum(write.key == pack_key(0) for write in fake.writes) == 1


async def test_packs_that_are_needed_no_more_are_deleted(packing: Packing, editor: Editor, fake: FakeKv) -> None:
    for number in range(900):
        await editor.put(f"c{number}", "https://example.com/" + "x" * 3_000)
    await packing.rank(*(f"c{number}" for number in range(900)))
    assert await packing.round()
    assert packs_in(fake) == 2
    await packing.rank("c1")
    assert await packing.round()
    assert packs_in(fake) == 1
    await packing.rank()
    assert await packing.round()
    assert packs_in(fake) == 0


async def test_a_kv_that_fails_is_tried_again(packing: Packing, editor: Editor, fake: FakeKv) -> None:
    await editor.put("a", "https://example.com/")
    await packing.rank("a")
    fake.faults.append(Fault(status=500))
    with pytest.raises(KvBusy):
        await packing.round()
    assert await packing.round()
    assert packs_in(fake) == 1


async def test_an_edit_after_the_packs_is_in_the_feed(
    packing: Packing, running: Running, feeding: Feeding, editor: Editor, fake: FakeKv
) -> None:
    """Also of a link whose record was in a pack before KV had it."""
    await editor.put("a", "https://example.com/1")
    await packing.rank("a")
    assert await packing.round()
    await editor.put("a", "https://example.com/2")
    async with running(), feeding():
        await drained(editor)
        await until_told(editor)
    assert "https://example.com/2" in fake.pairs["/feed"][0]


async def test_packs_are_no_links_to_reconcile(
    packing: Packing, running: Running, settings: Settings, editor: Editor, fake: FakeKv
) -> None:
    async with running():
        await editor.put("a", "https://example.com/")
        await drained(editor)
    await packing.rank("a")
    assert await packing.round()
    walk = await reconcile(settings)
    assert (walk.drift, sum(walk.kinds.values())) == (0, 0)
    assert packs_in(fake) == 1
