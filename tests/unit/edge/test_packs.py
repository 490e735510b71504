"""Packs of popular links: read soon after the start, believed as far as the change feed reaches, and never for longer."""

from typing import Any

import pytest

from redirector.settings import EdgeSettings
from redirector.testing import FakeRequest, FakeResponse
from shared import link_packs
from shared.change_feed import FEED_KEY, MOST_CHANGES, FeedChange, Means
from shared.kv_record import KvRecord, encode
from shared.link_packs import pack_key, pack_line
from tests.unit.edge.test_feed import ALIVE, FRESH, NEW, OLD, STALE, Told, changed

KEY = "localhost/popular"
PATH = "/popular"
_LINKS_FIRST = 10


def record(url: str, version: int = 1, **options: Any) -> str:
    return encode(KvRecord(7, 3, version, url, options))


class Packed(Told):
    """A world in which kvsync writes packs too."""

    def pack(self, *packs: dict[str, str], at: float | None = None) -> None:
        """Write packs with these records, as of a moment; five minutes ago if nothing else is said."""
        at = self.runtime.clock - 300 if at is None else at
        for number, records in enumerate(packs):
            lines = [pack_line(key, value) for key, value in records.items()]
            self.runtime.kv[pack_key(number)] = link_packs.encode(at, len(packs), lines)

    async def start(self, name: str = "first") -> None:
        """The first visits, of links that are in no pack; the feed has been read and the packs too, if there are any."""
        for number in range(_LINKS_FIRST + 1):
            self.put(f"localhost/{name}{number}", OLD)
            self.runtime.clock += 1
            self.tell()
            await self.visit(f"/{name}{number}")

    def pack_reads(self) -> int:
        return sum(key.startswith(link_packs.PREFIX) for key in self.runtime.kv_reads)


@pytest.fixture
def told() -> Packed:
    return Packed()


async def test_links_of_a_pack_are_answered_without_a_read_and_without_waiting(told: Packed) -> None:
    told.pack({f"localhost/p{number}": record(f"{OLD}/{number}") for number in range(1_000)})
    await told.start()
    for number in range(1_000):
        reply = told.edge.fetch(FakeRequest(f"http://localhost/p{number}"), object())
        assert isinstance(reply, FakeResponse)  # no coroutine
        assert reply.headers["Location"] == f"{OLD}/{number}"
    assert not any(key.startswith("localhost/p") for key in told.runtime.kv_reads)
    assert await told.counter("links_unpacked") == 1_000


async def test_packs_are_not_read_before_some_links_were_nor_before_a_reply(told: Packed) -> None:
    told.pack({KEY: record(OLD)})
    for number in range(_LINKS_FIRST - 1):
        told.put(f"localhost/first{number}", OLD)
        told.runtime.clock += 1
        await told.visit(f"/first{number}")
        assert told.pack_reads() == 0
    told.runtime.clock += 1
    told.put("localhost/last", OLD)
    assert (await told.get("/last")).status == 302
    assert told.pack_reads() == 0
    await told.runtime.run_deferred()
    assert told.pack_reads() == 1


async def test_all_packs_are_read_once(told: Packed) -> None:
    told.pack({"localhost/a": record(OLD)}, {"localhost/b": record(OLD)}, {"localhost/c": record(OLD)})
    await told.start()
    await told.visits(1_000, "/first0")
    assert told.pack_reads() == 3
    assert [await told.visit(path) for path in ("/a", "/b", "/c")] == [OLD] * 3


async def test_without_packs_they_are_looked_for_rarely(told: Packed) -> None:
    await told.start()
    await told.visits(1_000, "/first0")
    assert told.pack_reads() == 1
    await told.start("more")
    assert told.pack_reads() == 2


async def test_where_there_is_no_room_for_them_they_are_read_in_vain_once() -> None:
    full = Packed(cache_bytes=200_000, hot_entries=5)
    full.pack({f"localhost/p{number}": record(OLD) for number in range(2_000)})
    for name in ("first", "second", "third"):
        await full.start(name)
        await full.visits(1_000, f"/{name}0")
    assert full.pack_reads() == 1


@pytest.mark.parametrize("off", [{"preload_bytes": 0}, {"feed_seconds": 0.0}])
async def test_packs_can_be_left_out(off: dict[str, Any]) -> None:
    told = Packed(**off)
    told.pack({KEY: record(OLD)})
    await told.start()
    assert told.pack_reads() == 0


async def test_what_the_feed_listed_before_the_pack_came_counts_more_than_the_pack(told: Packed) -> None:
    told.pack({KEY: record(OLD), "localhost/gone": record(OLD), "localhost/shut": record(OLD)})
    told.put(KEY, OLD)
    told.put("localhost/shut", OLD)
    told.links["localhost/shut"] = record(OLD, 3, disabled=True)
    told.tell(
        changed(2, record(NEW, 2), KEY),
        FeedChange(Means.GONE, "localhost/gone", 1),
        FeedChange(Means.CLOSED, "localhost/shut", 3),
    )
    await told.start()
    assert [await told.visit(path) for path in (PATH, "/gone", "/shut")] == [NEW, "404", "410"]


async def test_what_the_feed_lists_after_the_pack_came_counts_more_than_the_pack(told: Packed) -> None:
    told.pack({KEY: record(OLD), "localhost/gone": record(OLD), "localhost/shut": record(OLD)})
    await told.start()
    told.put(KEY, OLD)
    told.put("localhost/shut", OLD)
    told.links["localhost/shut"] = record(OLD, 3, disabled=True)
    told.tell(
        changed(2, record(NEW, 2), KEY),
        FeedChange(Means.GONE, "localhost/gone", 1),
        FeedChange(Means.CLOSED, "localhost/shut", 3),
    )
    await told.visits(FRESH, "/first0")
    assert [await told.visit(path) for path in (PATH, "/gone", "/shut")] == [NEW, "404", "410"]


async def test_a_change_that_left_the_feed_long_ago_still_counts_more_than_the_pack(told: Packed) -> None:
    told.pack({KEY: record(OLD), "localhost/other": record(OLD)})
    await told.start()
    told.tell(FeedChange(Means.GONE, KEY, 2))
    await told.visits(FRESH, "/first0")
    await told.busy(30, MOST_CHANGES // 20)  # ever so many others, and no gap
    assert await told.counter("packs") == 1
    assert await told.visit(PATH) == "404"
    assert await told.visit("/other") == OLD


async def test_an_edit_is_seen_within_the_bound_of_any_link(told: Packed) -> None:
    told.pack({KEY: record(OLD)})
    await told.start()
    assert await told.visit(PATH) == OLD
    told.tell(changed(2, told.put(KEY, NEW, version=2), KEY))
    await told.visits(FRESH + 1, "/first0")
    assert await told.visit(PATH) == NEW


async def test_a_pack_that_the_feed_does_not_reach_back_to_is_refused(told: Packed) -> None:
    told.pack({KEY: record(OLD)})
    told.forget(0)  # something has left the feed just now
    told.tell()
    await told.start()
    assert await told.counter("packs") == 0
    assert await told.counter("packs_refused") == 1
    told.put(KEY, NEW, version=2)
    assert await told.visit(PATH) == NEW


async def test_a_gap_in_the_feed_lets_the_packs_go(told: Packed) -> None:
    told.pack({KEY: record(OLD), "localhost/seen": record(OLD)})
    await told.start()
    assert await told.visit("/seen") == OLD
    told.tell(FeedChange(Means.GONE, KEY, 2), FeedChange(Means.GONE, "localhost/seen", 2))
    await told.busy(1, MOST_CHANGES + 1)
    await told.visits(FRESH, "/first0")
    assert await told.counter("packs") == 0
    assert await told.visit(PATH) == "404"
    assert await told.visit("/seen") == "404"


async def test_packs_are_read_again_after_a_gap_once_there_are_newer_ones(told: Packed) -> None:
    told.pack({KEY: record(OLD)})
    await told.start()
    await told.busy(1, MOST_CHANGES + 1)
    await told.visits(300, "/first0")
    told.pack({KEY: record(NEW, 2)}, at=told.runtime.clock - 100)
    await told.start("more")
    assert await told.counter("packs") == 1
    assert (await told.visit(PATH), told.reads(KEY)) == (NEW, 0)


async def test_a_feed_that_begins_anew_lets_the_packs_go(told: Packed) -> None:
    told.pack({KEY: record(OLD)})
    told.tell(*(changed(2, record(OLD, 2), f"localhost/x{number}") for number in range(5)))
    await told.start()
    assert await told.counter("packs") == 1
    told.head, told.changes = 0, []
    await told.visits(FRESH + 1, "/first0")
    assert await told.counter("packs") == 0


async def test_without_a_living_feed_a_pack_counts_no_longer_than_what_kv_gave(told: Packed) -> None:
    told.pack({KEY: record(OLD), "localhost/late": record(OLD)}, at=told.runtime.clock)
    told.since -= 3_600
    await told.start()
    at = told.runtime.clock
    assert await told.visit(PATH) == OLD
    del told.runtime.kv[FEED_KEY]
    for key in (KEY, "localhost/late"):
        told.put(key, NEW, version=2)
    told.runtime.clock = at + max(ALIVE, 60 + FRESH + STALE)
    assert await told.visit(PATH) == NEW
    assert await told.visit("/late") == NEW


async def test_a_link_that_was_found_missing_does_not_come_back_by_a_pack(told: Packed) -> None:
    await told.visit(PATH)  # nobody knows it, nor does the feed
    told.pack({KEY: record(OLD)})
    await told.start()
    assert await told.counter("packs") == 1
    told.runtime.clock += FRESH + 1
    told.tell()
    assert await told.visit(PATH) == "404"


async def test_a_link_that_kv_and_origin_lost_does_not_come_back_by_the_pack_it_came_from(told: Packed) -> None:
    told.pack({KEY: record(OLD)})
    await told.start()
    assert await told.visit(PATH) == OLD
    told.tell(FeedChange(Means.READ, KEY, 2))  # and KV has nothing
    await told.visits(FRESH, "/first0")
    await told.visit(PATH)  # read again after this reply
    for _ in range(3):
        told.runtime.clock += FRESH
        told.tell()
        assert await told.visit(PATH) == "404"


async def test_a_newer_record_is_not_replaced_by_an_older_one_of_a_pack(told: Packed) -> None:
    told.put(KEY, NEW, version=2)
    await told.visit(PATH)
    told.pack({KEY: record(OLD)})
    await told.start()
    await told.visits(100, PATH)
    assert await told.visit(PATH) == NEW


GARBAGE = {
    "nothing": "",
    "garbage": "\x00garbage\n" * 10,
    "a record": record(OLD),
    "the future": '{"format":2,"at":1,"packs":1,"bytes":0}\n',
    "cut off": link_packs.encode(1_800_000_000.0 - 300, 1, [pack_line(KEY, record(OLD))])[:-1],
    "another clock": link_packs.encode(1_900_000_000.0, 1, [pack_line(KEY, record(OLD))]),
}


@pytest.mark.parametrize("pack", GARBAGE.values(), ids=GARBAGE)
async def test_what_is_no_pack_is_passed_over_and_counted(told: Packed, pack: str) -> None:
    told.runtime.kv[pack_key(0)] = pack
    await told.start()
    assert await told.counter("packs") == 0
    assert await told.counter("packs_refused") == 1
    told.put(KEY, NEW)
    assert await told.visit(PATH) == NEW


async def test_records_in_a_pack_that_can_not_be_used_are_read_from_kv(told: Packed) -> None:
    bad = {
        "localhost/future": "9.1.1.1.x",
        "localhost/garbage": "garbage",
        "localhost/control": record("https://example.com/\r\nX-Evil: 1".replace("\n", "\r")),
        "localhost/sealed": record("", 1, sealed="of another secret", password="pbkdf2-sha256$1$AA$AA"),
    }
    told.pack(bad)
    for key in bad:
        told.put(key, NEW)
    await told.start()
    assert await told.counter("packs") == 1
    for key in bad:
        assert await told.visit(key.removeprefix("localhost")) == NEW


async def test_rich_links_come_out_of_packs_with_all_they_have(told: Packed) -> None:
    rules = [{"when": {"query": {"a": ["1"]}}, "url": NEW}]
    told.pack({KEY: record(OLD, 1, rules=rules), "localhost/off": record(OLD, 1, disabled=True)})
    await told.start()
    assert await told.visit(PATH) == OLD
    assert await told.visit("/off") == "410"


async def test_packs_have_their_bound_and_push_nothing_out() -> None:
    told = Packed(cache_bytes=200_000, preload_bytes=40_000)
    big = {f"localhost/big{number}": record(f"{OLD}/{'x' * 100}") for number in range(200)}
    other = {f"localhost/other{number}": record(f"{OLD}/{'x' * 100}") for number in range(200)}
    told.pack(big, other)
    await told.start()
    entries = await told.counter("cache_entries")
    assert entries == _LINKS_FIRST + 1
    assert await told.counter("packs") == 1  # the second one would be too much
    assert 0 < await told.counter("packs_bytes") <= 40_000
    assert await told.visit("/big7") == f"{OLD}/{'x' * 100}"
    for number in range(2_000):
        told.put(f"localhost/many{number}", OLD)
        await told.visit(f"/many{number}")
    assert await told.counter("cache_bytes") <= 200_000


async def test_kv_that_fails_while_packs_are_read_harms_nobody(told: Packed) -> None:
    told.pack({KEY: record(OLD)})
    for number in range(_LINKS_FIRST):
        told.put(f"localhost/first{number}", OLD)
        told.runtime.clock += 1
        told.tell()
        await told.get(f"/first{number}")
    told.runtime.kv_works = False
    await told.runtime.run_deferred()
    told.runtime.kv_works = True
    assert await told.counter("packs") == 0
    assert await told.visit("/first0") == OLD


def test_the_defaults_leave_more_than_half_of_the_memory_to_links_that_are_used() -> None:
    defaults = EdgeSettings()
    assert defaults.preload_bytes <= defaults.cache_bytes // 2
