import asyncio
import itertools
import random

import pytest

from kvsync.kv_fake import FakeKv, Fault
from kvsync.metrics import Metrics
from kvsync.settings import Settings
from tests.integration.kvsync.conftest import Running
from tests.integration.kvsync.editing import DOMAIN, Editor, assert_same, drained, edit_by_itself


def value_of(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(name, labels) or 0.0


async def test_created_edited_and_deleted_links_reach_kv(running: Running, editor: Editor, fake: FakeKv) -> None:
    async with running() as metrics:
        await editor.put("a", "https://example.com/1")
        await editor.put("ünï", "https://example.com/2?q=ü")
        await drained(editor)
        await editor.put("a", "https://example.com/3")
        await editor.delete("ünï")
        await drained(editor)
    assert_same(fake, await editor.wanted())
    assert list(fake.pairs) == [f"{DOMAIN}/a"]
    assert value_of(metrics, "nearhop_kvsync_published_total", kind="delete") == 1


async def test_many_edits_of_a_key_are_one_write_of_the_newest(running: Running, editor: Editor, fake: FakeKv) -> None:
    for n in range(50):
        await editor.put("hot", f"https://example.com/{n}")
    async with running():
        await drained(editor)
    assert len(fake.writes) == 1
    assert_same(fake, await editor.wanted())


async def test_a_backlog_goes_out_in_calls_of_bounded_size(running: Running, editor: Editor, fake: FakeKv) -> None:
    for n in range(25):
        await editor.put(f"k{n}", "https://example.com/")
    async with running(kv_batch_pairs=10):
        await drained(editor)
    assert fake.calls == [("put", 10), ("put", 10), ("put", 5)]


async def test_a_deleted_and_created_again_link_ends_as_its_last_state(
    running: Running, editor: Editor, fake: FakeKv
) -> None:
    async with running():
        for n in range(10):
            await editor.put("again", f"https://example.com/{n}")
            await drained(editor) if n % 3 == 0 else None
            await editor.delete("again")
            await drained(editor) if n % 3 == 1 else None
        await editor.put("again", "https://example.com/last")
        await drained(editor)
    assert_same(fake, await editor.wanted())


async def test_an_older_version_than_kv_has_is_dropped(running: Running, editor: Editor, fake: FakeKv) -> None:
    async with running() as metrics:
        version = await editor.put("a", "https://example.com/new")
        await drained(editor)
        await editor.enqueue(f"{DOMAIN}/a", version - 1, "late")
        await editor.enqueue(f"{DOMAIN}/a", version, "the same again")
        await drained(editor)
    assert_same(fake, await editor.wanted())
    assert len(fake.writes) == 1
    assert value_of(metrics, "nearhop_kvsync_superseded_total") >= 1


async def test_two_workers_and_interleaved_edits_end_with_the_same_in_kv_and_postgres(
    running: Running, editor: Editor, fake: FakeKv, settings: Settings
) -> None:
    fake.delay = 0.005
    choose = random.Random(7)

    def edits() -> list[tuple[str, str | None]]:
        codes = [choose.choice("abcdefghij") for _ in range(120)]
        return [(code, None if choose.random() < 0.2 else f"https://e.test/{choose.random()}") for code in codes]

    async with running(kv_batch_pairs=3), running(kv_batch_pairs=3), running():
        await asyncio.gather(*(edit_by_itself(settings.database_url, editor, edits()) for _ in range(4)))
        fake.faults.extend([Fault(429), Fault(), Fault(500), Fault(carried_out=True)])
        for code in "abcdefghij":
            await editor.put(code, "https://example.com/last")
        await drained(editor)
    assert_same(fake, await editor.wanted())


async def test_one_key_is_not_written_more_often_than_kv_takes(running: Running, editor: Editor, fake: FakeKv) -> None:
    interval = 0.4
    async with running(kv_key_interval_seconds=interval), running(kv_key_interval_seconds=interval):
        for n in range(30):
            await editor.put("hot", f"https://example.com/{n}")
            await asyncio.sleep(0.03)
        await drained(editor)
    moments = [write.at for write in fake.writes]
    assert len(moments) > 1
    assert all(later - earlier >= interval for earlier, later in itertools.pairwise(moments))
    assert_same(fake, await editor.wanted())


@pytest.mark.parametrize(
    "fault",
    [Fault(429), Fault(500), Fault(503), Fault(), Fault(carried_out=True), Fault(403), Fault(404)],
    ids=["429", "500", "503", "reset", "reset after", "403", "404"],
)
async def test_a_failure_of_kv_is_tried_again(running: Running, editor: Editor, fake: FakeKv, fault: Fault) -> None:
    fake.faults.extend([fault] * 2)
    await editor.put("a", "https://example.com/")
    async with running():
        await drained(editor)
    assert_same(fake, await editor.wanted())


async def test_retry_after_is_honoured(running: Running, editor: Editor, fake: FakeKv) -> None:
    fake.faults.append(Fault(429, retry_after="1"))
    await editor.put("a", "https://example.com/")
    loop = asyncio.get_running_loop()
    async with running():
        while fake.faults:
            await asyncio.sleep(0.005)
        refused = loop.time()
        await drained(editor)
    assert loop.time() - refused >= 0.9


async def test_keys_of_a_silent_call_are_left_alone_until_it_is_surely_over(
    running: Running, editor: Editor, fake: FakeKv
) -> None:
    fake.faults.append(Fault(delay=2.0))  # twice the timeout: carried out after kvsync gave up
    await editor.put("a", "https://example.com/old")
    async with running():
        while fake.faults:
            await asyncio.sleep(0.01)
        await editor.put("a", "https://example.com/new")
        await drained(editor)
    assert [write.version for write in fake.writes] == [1, 2]
    assert_same(fake, await editor.wanted())


async def test_a_row_that_kv_refuses_is_set_aside_and_the_others_go_on(
    running: Running, editor: Editor, fake: FakeKv
) -> None:
    fake.refuses = lambda key: key.endswith("/bad")
    await editor.put("bad", "https://example.com/1")
    await editor.put("bad", "https://example.com/2")
    for n in range(20):
        await editor.put(f"good{n}", "https://example.com/")
    async with running() as metrics:
        await drained(editor)
    assert set(fake.pairs) == {f"{DOMAIN}/good{n}" for n in range(20)}
    rows = await (await editor.connection.execute("select key, version, attempts, last_error from outbox")).fetchall()
    assert rows == [(f"{DOMAIN}/bad", 2, 1, "400 10014 could not process the request")]
    assert value_of(metrics, "nearhop_kvsync_poisoned_total") == 1


async def test_a_key_that_was_set_aside_follows_its_next_edit(running: Running, editor: Editor, fake: FakeKv) -> None:
    fake.refuses = lambda key: key.endswith("/bad")
    await editor.put("bad", "https://example.com/1")
    async with running():
        await drained(editor)
        fake.refuses = lambda _: False
        await editor.put("bad", "https://example.com/2")
        await drained(editor)
    assert_same(fake, await editor.wanted())
    assert await editor.one("select count(*) from outbox") == 0


async def test_keys_that_a_bulk_call_left_out_are_written_later(running: Running, editor: Editor, fake: FakeKv) -> None:
    fake.unsuccessful.add(f"{DOMAIN}/a")
    await editor.put("a", "https://example.com/")
    await editor.put("b", "https://example.com/")
    async with running():
        await drained(editor)
    assert_same(fake, await editor.wanted())


async def test_another_workers_lease_is_respected_until_it_runs_out(
    running: Running, editor: Editor, fake: FakeKv
) -> None:
    await editor.put("a", "https://example.com/")
    held = "insert into kv_keys (key, claimed_by, claimed_until) values (%s, 'x', now() + make_interval(secs => 2))"
    await editor.connection.execute(held, (f"{DOMAIN}/a",))
    async with running():
        # Not looked at in its last moment, which may be over before the writes are seen.
        while await editor.one("select claimed_until > now() + interval '0.4 s' from kv_keys"):
            assert fake.writes == []
            await asyncio.sleep(0.05)
        await drained(editor)
    assert_same(fake, await editor.wanted())


async def test_a_worker_lives_through_the_loss_of_its_database_connection(
    running: Running, editor: Editor, fake: FakeKv
) -> None:
    async with running():
        await editor.put("a", "https://example.com/1")
        await drained(editor)
        await editor.connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        await editor.put("a", "https://example.com/2")
        await drained(editor)
    assert_same(fake, await editor.wanted())
