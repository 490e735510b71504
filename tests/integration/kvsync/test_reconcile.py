import asyncio
import dataclasses

import pytest

from kvsync.drift import Kind
from kvsync.errors import KvBusy
from kvsync.kv_api import KvApi
from kvsync.kv_fake import FakeKv, Fault
from kvsync.progress import Progress
from kvsync.reconcile import Reconciliation
from kvsync.settings import Settings
from kvsync.waits import Signals
from shared.kv_record import decode
from tests.integration.kvsync.conftest import Running
from tests.integration.kvsync.editing import DOMAIN, Editor, assert_same, drained, edit_by_itself
from tests.integration.kvsync.test_process import output


async def reconcile(settings: Settings, *, repair: bool = True) -> Reconciliation:
    async with KvApi(settings) as api:
        walk = Reconciliation(settings, api, repair=repair, progress=Progress())
        await walk.run()
        if repair:
            assert await walk.drain(Signals()) == 0
        return walk


@pytest.fixture
async def synced(running: Running, editor: Editor) -> None:
    async with running():
        for n in range(12):
            await editor.put(f"k{n}", f"https://example.com/{n}")
        await drained(editor)


@pytest.mark.usefixtures("synced")
async def test_no_drift_is_said_as_such(settings: Settings, fake: FakeKv) -> None:
    walk = await reconcile(settings)
    assert walk.drift == 0
    assert walk.summary().startswith("12 links and 12 keys compared: no drift")
    assert len(fake.writes) == 12


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize("kind", [Kind.MISSING, Kind.STALE, Kind.EXTRA, Kind.AHEAD])
async def test_each_kind_of_drift_is_found_and_repaired(
    settings: Settings, editor: Editor, fake: FakeKv, kind: Kind
) -> None:
    key = f"{DOMAIN}/k3"
    value, metadata = fake.pairs[key]
    if kind is Kind.MISSING:
        del fake.pairs[key]
    elif kind is Kind.STALE:
        fake.pairs[key] = "old", {"v": metadata["v"] - 1}
    elif kind is Kind.AHEAD:
        fake.pairs[key] = "from the future", {"v": 1_000}
    else:
        fake.pairs[f"{DOMAIN}/gone"] = value, {"v": 5}

    dry = await reconcile(settings, repair=False)
    assert dry.kinds == {kind: 1}
    assert await editor.waiting() == 0
    assert (await reconcile(settings)).kinds == {kind: 1}
    assert fake.pairs == await editor.wanted()
    assert (await reconcile(settings)).drift == 0


@pytest.mark.usefixtures("synced")
async def test_after_the_restore_of_a_backup_links_get_versions_above_those_in_kv(
    settings: Settings, editor: Editor, fake: FakeKv, running: Running
) -> None:
    fake.pairs[f"{DOMAIN}/k3"] = "newer, lost with the old database", {"v": 5_000}
    fake.pairs[f"{DOMAIN}/unknown"] = "made after the backup", {"v": 6_000}
    await reconcile(settings)
    record = decode(fake.pairs[f"{DOMAIN}/k3"][0])
    assert record.version > 5_000
    assert record.url == "https://example.com/3"
    async with running():
        assert await editor.put("unknown", "https://example.com/again") > 6_000
        await drained(editor)
    assert_same(fake, await editor.wanted())


@pytest.mark.usefixtures("synced")
async def test_keys_that_are_not_ours_are_reported_and_left_alone(
    settings: Settings, fake: FakeKv, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = {"session:1": ("x", None), f"{DOMAIN}/x": ("y", {"owner": "somebody"}), "UPPER/x": ("z", {"v": 3})}
    fake.pairs.update(foreign)
    walk = await reconcile(settings)
    assert walk.kinds == {Kind.FOREIGN: 3}
    assert walk.drift == 0
    assert foreign.items() <= fake.pairs.items()
    assert "foreign\tsession:1\tpostgres=-\tkv=-" in capsys.readouterr().out


async def test_a_link_over_a_foreign_value_is_written_again(
    settings: Settings, editor: Editor, fake: FakeKv, running: Running
) -> None:
    async with running():
        await editor.put("a", "https://example.com/")
        await drained(editor)
    fake.pairs[f"{DOMAIN}/a"] = "overwritten by hand", None
    assert (await reconcile(settings)).kinds == {Kind.STALE: 1}
    assert fake.pairs == await editor.wanted()


async def test_a_link_that_kv_refused_is_named_and_not_tried_for_ever(
    settings: Settings, editor: Editor, fake: FakeKv, running: Running
) -> None:
    fake.refuses = lambda key: key.endswith("/bad")
    async with running():
        await editor.put("bad", "https://example.com/")
        await drained(editor)
    assert (await reconcile(settings)).kinds == {Kind.REFUSED: 1}
    assert await editor.one("select count(*) from outbox") == 1


async def test_edits_that_kvsync_has_not_carried_yet_are_no_drift(settings: Settings, editor: Editor) -> None:
    await editor.put("new", "https://example.com/")
    walk = await reconcile(settings, repair=False)
    assert (walk.drift, walk.under_way) == (0, 1)


@pytest.mark.usefixtures("synced")
async def test_what_was_written_just_now_may_not_be_listed_yet(settings: Settings, fake: FakeKv) -> None:
    fake.pairs.clear()
    walk = await reconcile(dataclasses.replace(settings, kv_settle_seconds=60), repair=False)
    assert (walk.drift, walk.under_way) == (0, 12)


async def test_both_sides_are_walked_in_the_order_of_kvs_listing(
    settings: Settings, editor: Editor, fake: FakeKv, running: Running
) -> None:
    codes = ["a", "A", "Z", "z", "_", "-", "é", "ﬀ", "😀", "a-b", "a.b", "aa"]
    async with running():
        for domain in ("a", "a-b", "a.b", "b"):
            await editor.add_domain(domain)
            for code in codes:
                await editor.put(code, "https://example.com/", domain)
        await drained(editor)
    assert (await reconcile(settings, repair=False)).kinds == {}
    del fake.pairs["a-b/é"], fake.pairs["a/ﬀ"], fake.pairs["b/A"]
    assert (await reconcile(settings)).kinds == {Kind.MISSING: 3}
    assert fake.pairs == await editor.wanted()


async def test_more_than_a_page_of_each_side(settings: Settings, editor: Editor, fake: FakeKv) -> None:
    await editor.connection.execute(
        "insert into links (workspace_id, domain, key, url, version, kv_value)"
        " select 1, %s, n::text, '', n, '1.1.1.1.' from generate_series(1, 5600) n",
        (DOMAIN,),
    )
    await editor.connection.execute("select setval('link_version', 5600)")
    fake.pairs = {f"{DOMAIN}/{n}": ("1.1.1.1.", {"v": n}) for n in range(1, 5601) if n % 100}
    assert (await reconcile(settings)).kinds == {Kind.MISSING: 56}
    assert fake.pairs == await editor.wanted()
    assert (await reconcile(settings)).drift == 0


@pytest.mark.usefixtures("synced")
async def test_it_is_safe_beside_running_workers_and_edits(
    settings: Settings, editor: Editor, fake: FakeKv, running: Running
) -> None:
    fake.delay = 0.002
    edits = [(f"k{n % 20}", None if n % 5 == 0 else f"https://example.com/e{n}") for n in range(300)]
    async with running(), running():
        editing = asyncio.create_task(edit_by_itself(settings.database_url, editor, edits))
        while not editing.done():
            await reconcile(settings)
        await editing
        await drained(editor)
    assert_same(fake, await editor.wanted())
    assert (await reconcile(settings)).drift == 0


async def test_a_failing_kv_ends_the_walk_with_an_error(settings: Settings, fake: FakeKv) -> None:
    fake.faults.append(Fault(500))
    with pytest.raises(KvBusy):
        await reconcile(settings)


@pytest.mark.usefixtures("synced")
async def test_the_command_tells_drift_by_its_exit_code(settings: Settings, fake: FakeKv) -> None:
    code, text = await output(settings, "reconcile", "--dry-run")
    assert (code, "no drift" in text) == (0, True)
    del fake.pairs[f"{DOMAIN}/k1"]
    code, text = await output(settings, "reconcile", "--dry-run")
    assert code == 1
    assert f"missing\t{DOMAIN}/k1\tpostgres=2\tkv=-" in text
    code, text = await output(settings, "reconcile")
    assert code == 0
    assert "1 missing" in text
    assert "all repairs are published" in text
    assert (await output(settings, "reconcile", "--dry-run"))[0] == 0
