"""The change feed on a real Postgres: what it lists, when it is written, and what becomes of it when something fails."""

import asyncio
import itertools

import pytest

from kvsync import database
from kvsync.feed_writer import FeedWriter
from kvsync.kv_api import KvApi
from kvsync.kv_fake import FakeKv, Fault
from kvsync.metrics import Metrics
from kvsync.settings import Settings
from kvsync.waits import Signals
from shared import change_feed
from shared.change_feed import FEED_KEY, MOST_CHANGES, Feed, FeedChange, Means
from tests.integration.kvsync.conftest import Feeding, Running
from tests.integration.kvsync.editing import DOMAIN, Editor, assert_same, drained
from tests.integration.kvsync.test_process import kvsync
from tests.integration.kvsync.test_reconcile import reconcile


def feed_of(fake: FakeKv) -> Feed:
    return change_feed.decode(fake.pairs[FEED_KEY][0])


def listed(fake: FakeKv) -> list[FeedChange]:
    return feed_of(fake).after(0) if FEED_KEY in fake.pairs else []


def writes(fake: FakeKv) -> int:
    return sum(write.key == FEED_KEY for write in fake.writes)


async def until_told(editor: Editor) -> None:
    """Wait until KV has everything that the feed is to tell."""
    waiting = "select shown < head or exists (select from kv_feed where number is null) or written_at is null"
    while await editor.waiting() or await editor.one(f"{waiting} from kv_feed_state"):
        await asyncio.sleep(0.02)


async def test_edits_and_deletions_are_listed_in_their_order_with_their_records(
    running: Running, feeding: Feeding, editor: Editor, fake: FakeKv
) -> None:
    async with running(), feeding():
        for code in ("a", "b"):
            await editor.put(code, "https://example.com/1")
        await drained(editor)
        for step in (editor.put("a", "https://example.com/2"), editor.delete("b")):
            await step
            await drained(editor)
        await until_told(editor)
    value, metadata = fake.pairs[f"{DOMAIN}/a"]
    assert listed(fake) == [
        FeedChange(Means.VALUE, f"{DOMAIN}/a", metadata["v"], value),
        FeedChange(Means.GONE, f"{DOMAIN}/b", 4),
    ]


async def test_new_links_are_not_listed_but_those_that_changed_before_kv_had_them_are(
    running: Running, feeding: Feeding, editor: Editor, fake: FakeKv
) -> None:
    await editor.put("new", "https://example.com/")
    await editor.put("edited", "https://example.com/1")
    await editor.put("edited", "https://example.com/2")
    await editor.enqueue(f"{DOMAIN}/", 9, "1.1.1.9.")
    async with running(), feeding():
        await until_told(editor)
    assert [change.key for change in listed(fake)] == [f"{DOMAIN}/", f"{DOMAIN}/edited"]


async def test_a_record_too_long_for_the_feed_is_listed_without_it_and_says_whether_it_closes_the_link(
    running: Running, feeding: Feeding, editor: Editor, fake: FakeKv
) -> None:
    long = "https://example.com/" + "x" * 2_000
    async with running(), feeding():
        for version, options in ((1, ""), (2, ',"index":true'), (3, ',"disabled":true'), (4, ',"expires_at":1')):
            await editor.enqueue(f"{DOMAIN}/a", version, f'2.1.1.{version}.{{"url":"{long}"{options}}}')
            await drained(editor)
        await until_told(editor)
    assert [(change.means, change.value) for change in listed(fake)] == [
        (Means.READ, ""),
        (Means.CLOSED, ""),
        (Means.CLOSED, ""),
    ]


async def test_the_feed_is_written_now_and_then_though_nothing_changes(
    feeding: Feeding, editor: Editor, fake: FakeKv
) -> None:
    async with feeding(kv_feed_heartbeat_seconds=0.1):
        while writes(fake) < 3:
            await asyncio.sleep(0.02)
    first = feed_of(fake)
    assert (first.head, first.lines) == (0, [])
    assert first.since < first.at


async def test_it_is_written_no_more_often_than_kv_takes(
    running: Running, feeding: Feeding, editor: Editor, fake: FakeKv
) -> None:
    async with running(), feeding(kv_feed_interval_seconds=0.4), feeding(kv_feed_interval_seconds=0.4):
        for number in range(40):
            await editor.put("a", f"https://example.com/{number}")
            await asyncio.sleep(0.02)
        await until_told(editor)
    moments = [write.at for write in fake.writes if write.key == FEED_KEY]
    assert len(moments) > 1
    assert all(later - earlier >= 0.4 for earlier, later in itertools.pairwise(moments))


async def test_two_kvsyncs_number_the_changes_once_and_lose_none(
    running: Running, feeding: Feeding, editor: Editor, fake: FakeKv
) -> None:
    seen: dict[int, FeedChange] = {}
    async with running(), running(), feeding(), feeding():
        for number in range(60):
            await editor.put(f"k{number % 7}", f"https://example.com/{number}")
            await asyncio.sleep(0.01)
            for place, change in enumerate(listed(fake)):
                assert seen.setdefault(feed_of(fake).first + place, change) == change
        await until_told(editor)
    newest = {change.key: change.version for change in listed(fake)}
    assert newest == {key: metadata["v"] for key, (_, metadata) in fake.pairs.items() if key != FEED_KEY}
    assert fake.versions_never_fell()


async def test_more_changes_than_it_holds_leave_it_and_it_says_since_when(
    running: Running, feeding: Feeding, editor: Editor, fake: FakeKv
) -> None:
    async with running(), feeding():
        await until_told(editor)
        before = feed_of(fake).since
        keys = "select 'go.test/k' || n, 1, '1.1.1.1.x' from generate_series(1, 1200) n"
        await editor.connection.execute(f"insert into outbox (key, version, value) {keys}")
        await drained(editor)
        await editor.connection.execute(f"insert into outbox (key, version, value) {keys.replace(', 1,', ', 2,')}")
        await until_told(editor)
    feed = feed_of(fake)
    assert (feed.head, feed.first, len(feed.lines)) == (1_200, 201, MOST_CHANGES)
    assert feed.since > before
    assert await editor.one("select count(*) from kv_feed") == MOST_CHANGES


async def test_the_feed_is_bounded_in_bytes(running: Running, feeding: Feeding, editor: Editor, fake: FakeKv) -> None:
    async with running(), feeding():
        for version in (1, 2):
            for number in range(300):
                url = "https://example.com/" + "x" * 900
                await editor.enqueue(f"{DOMAIN}/k{number}", version, f"1.1.1.{version}.{url}")
            await drained(editor)
        await until_told(editor)
    assert change_feed.MOST_BYTES * 0.9 < len(fake.pairs[FEED_KEY][0].encode()) <= change_feed.MOST_BYTES + 200


@pytest.mark.parametrize(
    "fault", [Fault(429), Fault(500), Fault(), Fault(carried_out=True), Fault(403), Fault(delay=1.5)]
)
async def test_a_feed_that_cannot_be_written_holds_nothing_up_and_is_written_later(
    running: Running, feeding: Feeding, editor: Editor, fake: FakeKv, fault: Fault
) -> None:
    fake.faults.append(fault)
    async with feeding() as metrics:
        while fake.faults:
            await asyncio.sleep(0.01)
        async with running():
            await editor.put("a", "https://example.com/1")
            await drained(editor)
            await editor.put("a", "https://example.com/2")
            await drained(editor)
            assert_same(fake, await editor.wanted())
            await until_told(editor)
    assert [change.version for change in listed(fake)] == [2]
    assert (metrics.registry.get_sample_value("nearhop_kvsync_failed_total", {"reason": "feed"}) or 0) >= 1


async def test_killed_after_the_link_was_written_the_next_kvsync_tells_of_it(
    settings: Settings, editor: Editor, fake: FakeKv
) -> None:
    quick = {"NEARHOP_KV_FEED_INTERVAL_SECONDS": "0.05"}
    async with kvsync(settings, **quick):
        await editor.put("a", "https://example.com/1")
        await until_told(editor)
    # KV carries the write out and does not answer; before kvsync can write anything down, it is killed.
    fake.delay = 0.0
    fake.faults.extend([Fault(delay=0.4)] * 20)
    async with kvsync(settings, NEARHOP_KV_FEED_INTERVAL_SECONDS="3600") as process:
        await editor.put("a", "https://example.com/2")
        while not await editor.one("select count(*) from kv_keys where claimed_until is not null"):
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
        process.kill()
        await process.wait()
    while fake.pairs[f"{DOMAIN}/a"][1]["v"] != 2:
        await asyncio.sleep(0.02)
    fake.faults.clear()
    assert listed(fake) == []
    async with kvsync(settings, **quick):
        await until_told(editor)
    assert [(change.key, change.version) for change in listed(fake)] == [(f"{DOMAIN}/a", 2)]


async def test_killed_between_the_link_and_the_feed_the_next_kvsync_tells_of_it(
    running: Running, feeding: Feeding, editor: Editor, fake: FakeKv
) -> None:
    async with running():  # the process that ends here never gets to its feed
        for number in range(3):
            await editor.put("a", f"https://example.com/{number}")
            await drained(editor)
    assert writes(fake) == 0
    async with feeding():
        await until_told(editor)
    assert [change.version for change in listed(fake)] == [2, 3]


async def test_a_claim_that_was_lost_meanwhile_writes_nothing(
    settings: Settings, editor: Editor, fake: FakeKv, running: Running
) -> None:
    async with running():
        for number in range(2):
            await editor.put("a", f"https://example.com/{number}")
            await drained(editor)
    await editor.connection.execute("update kv_feed_state set claimed_by = 'x', claimed_until = now() + interval '1 h'")
    async with KvApi(settings) as api, await database.connect(settings.database_url) as connection:
        assert not await FeedWriter(settings, api, Signals(), Metrics()).round(connection)
    assert writes(fake) == 0


async def test_reconcile_passes_the_feed_over_and_its_repairs_are_told(
    running: Running, feeding: Feeding, editor: Editor, fake: FakeKv, settings: Settings
) -> None:
    async with running(), feeding():
        await editor.put("a", "https://example.com/")
        await drained(editor)
        await until_told(editor)
    assert (await reconcile(settings)).kinds == {}
    del fake.pairs[f"{DOMAIN}/a"]
    assert (await reconcile(settings)).drift == 1
    async with feeding():
        await until_told(editor)
    assert [(change.key, change.version) for change in listed(fake)] == [(f"{DOMAIN}/a", 1)]
