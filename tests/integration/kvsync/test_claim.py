"""Claims that meet in the database, step by step."""

import asyncio

from kvsync import database
from kvsync.outbox import Outbox
from kvsync.settings import Settings
from tests.integration.kvsync.editing import DOMAIN, Editor


async def test_of_two_claims_at_the_same_moment_one_gets_the_key(settings: Settings, editor: Editor) -> None:
    await editor.put("a", "https://example.com/1")
    async with (
        await database.connect(settings.database_url) as first,
        await database.connect(settings.database_url) as second,
    ):
        async with first.transaction():
            taken = await Outbox(first, settings).claim(10)
            # The first lease is not committed yet, so the second claim sees a due change of a key that looks free.
            await editor.put("a", "https://example.com/2")
            late = asyncio.create_task(Outbox(second, settings).claim(10))
            await _waits_for_a_lock(editor)
        assert [change.version for change in taken.changes] == [1]
        assert (await late).changes == []


async def test_the_oldest_changes_are_claimed_first(settings: Settings, editor: Editor) -> None:
    for code in ("z", "m", "a"):
        await editor.put(code, "https://example.com/")
    async with await database.connect(settings.database_url) as connection:
        claim = await Outbox(connection, settings).claim(2)
    assert {change.key for change in claim.changes} == {f"{DOMAIN}/z", f"{DOMAIN}/m"}


async def test_urgent_changes_are_claimed_before_older_ones(settings: Settings, editor: Editor) -> None:
    for code in ("z", "m", "a"):
        await editor.put(code, "https://example.com/")
    for priority, code in ((1, "a"), (2, "m")):
        await editor.connection.execute(
            "update outbox set priority = %s where key = %s", (priority, f"{DOMAIN}/{code}")
        )
    async with await database.connect(settings.database_url) as connection:
        claims = [await Outbox(connection, settings).claim(1) for _ in range(3)]
    assert [change.key for claim in claims for change in claim.changes] == [f"{DOMAIN}/{code}" for code in "maz"]


async def test_a_lease_that_was_lost_is_not_renewed(settings: Settings, editor: Editor) -> None:
    await editor.put("a", "https://example.com/")
    await editor.put("b", "https://example.com/")
    async with await database.connect(settings.database_url) as connection:
        outbox = Outbox(connection, settings)
        claim = await outbox.claim(10)
        taken_over = "update kv_keys set claimed_by = 'another' where key = %s"
        await editor.connection.execute(taken_over, (f"{DOMAIN}/a",))
        assert await outbox.renew(claim, [change.key for change in claim.changes]) == {f"{DOMAIN}/b"}


async def _waits_for_a_lock(editor: Editor) -> None:
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    while not await editor.one(waiting):
        await asyncio.sleep(0.01)
