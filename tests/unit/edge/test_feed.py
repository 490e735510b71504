"""Links that are held, and the change feed that says which of them changed: alive, late, with a gap, ahead of KV, away."""

import contextlib
import json
from typing import Any

import pytest

from origin.links.sealing import seal
from redirector.ports import Reply
from redirector.settings import EdgeSettings
from redirector.testing import Call, FakeRequest
from shared import change_feed
from shared.change_feed import FEED_KEY, MOST_CHANGES, FeedChange, Means
from tests.unit.edge.conftest import SECRET, World, decrypt

DEFAULTS = EdgeSettings()
FRESH, STALE, ALIVE = DEFAULTS.fresh_seconds, DEFAULTS.stale_seconds, DEFAULTS.feed_seconds
KEY, OLD, NEW = "localhost/abc", "https://example.com/old", "https://example.com/new"


class Told(World):
    """A world with a kvsync in it, which has run for an hour."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.changes: list[FeedChange] = []
        self.told_at: dict[int, float] = {}  # by number
        self.head = 0
        self.since = self.runtime.clock - 3_600
        self.tell()

    def tell(self, *changes: FeedChange, at: float | None = None) -> None:
        """Write the feed with these changes more."""
        self.changes += changes
        for _ in changes:
            self.head += 1
            self.told_at[self.head] = self.runtime.clock
        if len(self.changes) > MOST_CHANGES:
            self.changes = self.changes[-MOST_CHANGES:]
            self.since = max(self.since, self.told_at[self.head - MOST_CHANGES])
        lines = [change.line() for change in self.changes]
        self.runtime.kv[FEED_KEY] = change_feed.encode(self.head, self.since, at or self.runtime.clock, lines)

    def tell_meanwhile(self, *changes: FeedChange) -> None:
        """Tell, and let another request follow the feed while the one under way waits."""
        self.tell(*changes)
        self.runtime.clock += FRESH
        self.edge.fetch(FakeRequest("http://localhost/other"), object())
        follow = self.runtime.deferred.pop()
        with contextlib.suppress(StopIteration):
            while True:
                follow.send(None)

    def forget(self, count: int) -> None:
        """Let the oldest changes leave the feed."""
        self.changes = self.changes[count:]
        self.since = self.runtime.clock

    async def visit(self, path: str = "/abc") -> str:
        """Where it leads; then what the request does after its reply."""
        reply = await self.get(path)
        await self.runtime.run_deferred()
        return reply.headers.get("Location", str(reply.status))

    async def visits(self, seconds: float, path: str = "/abc") -> None:
        """A visit a second, while kvsync gives a sign of life as often."""
        for _ in range(int(seconds)):
            self.runtime.clock += 1
            self.tell()
            await self.visit(path)

    async def busy(self, seconds: int, each: int) -> None:
        """As many other links change each second, while one that is held is visited."""
        for _ in range(seconds):
            numbers = range(self.head, self.head + each)
            self.tell(*(changed(2, "1.1.1.2.x", f"localhost/busy{number}") for number in numbers))
            await self.visits(1, "/other")

    async def counter(self, name: str) -> Any:
        return json.loads((await self.call("GET", "/_nearhop/stats")).body)[name]

    def reads(self, key: str = KEY) -> int:
        return self.runtime.kv_reads.count(key)


@pytest.fixture
def told() -> Told:
    return Told()


def changed(version: int, value: str, key: str = KEY) -> FeedChange:
    return FeedChange(Means.VALUE, key, version, value)


async def test_while_the_feed_lives_a_link_is_read_once(told: Told) -> None:
    began = told.runtime.clock
    told.put(KEY, OLD)
    await told.visits(1_000)
    assert told.reads() == 1
    assert told.reads(FEED_KEY) <= (told.runtime.clock - began) / FRESH + 1
    assert set(told.runtime.kv_reads_soon) == {FEED_KEY}


async def test_links_visited_rarely_are_not_read_again_either(told: Told) -> None:
    for number in range(200):
        told.put(f"localhost/c{number}", OLD)
    for number in range(1_000):
        told.runtime.clock += 1
        told.tell()
        assert await told.visit(f"/c{number % 200}") == OLD  # each link every 200 seconds
    # The first link that comes again is read again; by that visit the isolate begins to follow the feed.
    assert sum(told.reads(f"localhost/c{number}") for number in range(200)) == 201


async def test_an_edit_comes_with_the_feed_though_kv_is_late(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(30)
    told.tell(changed(2, told.put("elsewhere", NEW, version=2)))
    await told.visits(FRESH)
    assert await told.visit() == NEW
    await told.visits(300)
    assert (told.reads(), await told.visit()) == (1, NEW)


async def test_a_copy_in_kv_that_is_older_than_the_feed_is_not_believed(told: Told) -> None:
    told.put(KEY, OLD)
    told.put("localhost/other", OLD)
    await told.visits(30, "/other")
    told.tell(changed(2, told.put("elsewhere", NEW, version=2)))
    await told.visits(FRESH, "/other")
    assert await told.visit() == NEW  # its first visit, long after the change was read


async def test_what_is_too_long_for_the_feed_is_read_until_kv_has_it(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(30)
    told.tell(FeedChange(Means.READ, KEY, 2))
    await told.visits(4 * FRESH)
    reads = told.reads()
    assert await told.visit() == OLD
    assert reads >= 4
    told.put(KEY, NEW, version=2)
    await told.visits(FRESH + 1)
    assert await told.visit() == NEW
    reads = told.reads()
    await told.visits(300)
    assert told.reads() == reads


async def test_what_is_too_long_for_the_feed_is_waited_for_after_a_while(told: Told) -> None:
    told.put(KEY, OLD)
    told.put("localhost/other", OLD)
    await told.visits(30)
    told.tell(FeedChange(Means.READ, KEY, 2))
    await told.visits(FRESH + STALE + 1, "/other")
    told.put(KEY, NEW, version=2)
    assert await told.visit() == NEW


async def test_a_closed_link_is_not_followed_whatever_kv_still_says(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(30)
    told.links[KEY] = told.put("elsewhere", NEW, version=2, disabled=True)
    told.tell(FeedChange(Means.CLOSED, KEY, 2))
    await told.visits(FRESH)
    assert await told.visit() == "410"  # by origin's word


async def test_a_closed_link_is_not_followed_while_origin_is_away(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(30)
    told.origin_stops()
    told.tell(FeedChange(Means.CLOSED, KEY, 2))
    await told.visits(FRESH)
    assert await told.visit() == "503"


async def test_a_deleted_link_is_gone_though_kv_still_has_it(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(30)
    told.tell(FeedChange(Means.GONE, KEY, 1))  # reconcile deletes by the version that KV has
    await told.visits(FRESH)
    assert await told.visit() == "404"


async def test_a_code_that_was_missing_and_a_domain_without_a_record_are_told_as_well(told: Told) -> None:
    await told.visits(2)
    assert await told.visit() == "404"
    told.put("localhost/known", OLD)
    await told.visits(3 * FRESH, "/known")
    reads = told.reads("localhost/")
    assert await told.visit("/nope") == "404"
    assert told.reads("localhost/") == reads  # that the domain has no record is vouched for
    record = told.put("elsewhere", "", version=2, not_found_url="https://example.com/lost")
    told.tell(changed(2, record, "localhost/"), changed(3, told.put("elsewhere", NEW, version=3), "localhost/nope"))
    await told.visits(FRESH, "/known")
    assert await told.visit("/nope") == NEW
    assert await told.visit("/nothing") == "https://example.com/lost"


async def test_a_feed_that_is_late_is_not_trusted_and_nobody_waits_at_the_change(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(60)
    told.put(KEY, NEW, version=2)  # kvsync was killed before it told
    silent, waited = told.runtime.clock, 0
    seen = OLD
    while seen == OLD:
        told.runtime.clock += 1
        reply = told.edge.fetch(FakeRequest("http://localhost/abc"), object())
        waited += not hasattr(reply, "headers")
        seen = (await told.finish(reply)).headers["Location"]
        await told.runtime.run_deferred()
    assert told.runtime.clock - silent <= ALIVE
    assert waited == 0


async def test_without_a_feed_links_are_fresh_by_time(told: Told) -> None:
    began = told.runtime.clock
    del told.runtime.kv[FEED_KEY]
    told.put(KEY, OLD)
    for _ in range(100):
        told.runtime.clock += 1
        await told.visit()
    most = (told.runtime.clock - began) / FRESH + 1
    assert most - 3 <= told.reads() <= most
    assert told.reads(FEED_KEY) <= most


@pytest.mark.parametrize("damage", ["", "{}", '{"format":2}', "nonsense", '{"format":1,"head":1,"since":0,"at":9e9}'])
async def test_a_feed_that_cannot_be_read_is_as_none(told: Told, damage: str) -> None:
    told.put(KEY, OLD)
    await told.visits(60)
    told.put(KEY, NEW, version=2)
    told.runtime.kv[FEED_KEY] = damage
    for _ in range(int(ALIVE)):
        told.runtime.clock += 1
        await told.visit()
    assert await told.visit() == NEW


async def test_a_line_that_cannot_be_read_makes_no_change_pass_unseen(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(60)
    told.tell(changed(2, told.put("elsewhere", NEW, version=2)))
    whole = told.runtime.kv[FEED_KEY]
    told.runtime.kv[FEED_KEY] = whole[:-20]
    told.runtime.clock += FRESH
    await told.visit()
    told.runtime.kv[FEED_KEY] = whole
    told.runtime.clock += FRESH
    await told.visit()
    assert await told.visit() == NEW


async def test_after_a_gap_what_was_held_before_is_read_again(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(60)
    told.put(KEY, NEW, version=2)
    told.tell(changed(2, told.runtime.kv[KEY]), *(changed(n, "1.1.1.9.x", f"localhost/{n}") for n in range(9)))
    told.forget(5)  # the one that matters among them
    await told.visits(FRESH + 2)
    assert await told.visit() == NEW
    reads = told.reads()
    await told.visits(600)
    assert told.reads() - reads <= 120 / FRESH + 1  # until KV has settled, then the feed vouches again


async def test_a_change_that_was_forgotten_before_kv_has_it_is_waited_for(told: Told) -> None:
    told.put(KEY, OLD)
    told.put("localhost/other", OLD)
    await told.visits(30, "/other")
    told.tell(FeedChange(Means.CLOSED, KEY, 2))
    await told.busy(25, each=50)
    assert await told.visit() == OLD  # nobody knows better, and KV is late
    told.links[KEY] = told.put(KEY, NEW, version=2, disabled=True)
    await told.visits(FRESH + STALE, "/other")
    assert await told.visit() == "410"
    assert await told.counter("feed_gaps") == 0


async def test_what_is_learned_while_changes_are_forgotten_is_read_until_kv_has_settled(told: Told) -> None:
    told.put(KEY, OLD)
    told.put("localhost/other", OLD)
    await told.visits(30, "/other")
    await told.busy(25, each=50)
    await told.visits(120 + FRESH)
    reads = told.reads()
    await told.visits(300)
    assert reads > 5
    assert told.reads() == reads


async def test_the_record_of_a_domain_that_was_forgotten_before_kv_has_it_is_waited_for(told: Told) -> None:
    told.put("localhost/other", OLD)
    await told.visits(30, "/other")
    record = told.put("elsewhere", "", version=2, not_found_url="https://example.com/lost")
    told.tell(changed(2, record, "localhost/"))
    await told.busy(25, each=50)
    assert await told.visit("/nope") == "404"
    told.runtime.kv["localhost/"] = record
    await told.visits(FRESH + STALE, "/other")
    assert await told.visit("/nope") == "https://example.com/lost"


async def test_changes_that_are_forgotten_long_after_kv_had_them_cost_no_reads(told: Told) -> None:
    told.put("localhost/other", OLD)
    await told.busy(MOST_CHANGES // 5 + 50, each=5)
    told.put(KEY, OLD)
    assert await told.visit() == OLD
    await told.busy(60, each=5)
    assert (await told.visit(), told.reads()) == (OLD, 1)


async def test_an_isolate_that_slept_catches_up_by_one_read_of_the_feed(told: Told) -> None:
    for code in ("abc", "other", "third"):
        told.put(f"localhost/{code}", OLD)
        await told.visits(2, f"/{code}")
    told.runtime.clock += 3_600
    told.put(KEY, NEW, version=2)
    told.tell(changed(2, told.runtime.kv[KEY]))
    told.runtime.kv_reads.clear()
    assert [await told.visit(path) for path in ("/other", "/abc", "/third")] == [OLD, NEW, OLD]
    assert told.runtime.kv_reads == [FEED_KEY]


async def test_the_first_visitor_after_a_pause_gets_what_the_feed_says_by_then(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(30)
    told.links[KEY] = told.put("elsewhere", NEW, version=2, disabled=True)
    told.runtime.clock += 3 * FRESH
    told.tell(FeedChange(Means.CLOSED, KEY, 2))
    assert await told.visit() == "410"


async def test_visits_with_pauses_between_them_cost_a_read_of_the_feed_each(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(30)
    for pause in (15, 25, 40, 25, 300):
        told.runtime.clock += pause
        told.tell()
        told.runtime.kv_reads.clear()
        assert await told.visit() == OLD
        assert told.runtime.kv_reads == [FEED_KEY]


async def test_a_feed_that_cannot_be_read_any_more_makes_nobody_wait(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(60)
    del told.runtime.kv[FEED_KEY]
    waited = 0
    for _ in range(100):
        told.runtime.clock += 1
        reply = told.edge.fetch(FakeRequest("http://localhost/abc"), object())
        waited += not hasattr(reply, "headers")
        await told.finish(reply)
        await told.runtime.run_deferred()
    assert waited == 0
    assert told.reads() > 5


async def test_an_isolate_that_slept_longer_than_the_feed_covers_reads_again(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(3)
    told.runtime.clock += 3_600
    told.put(KEY, NEW, version=2)
    told.tell(changed(2, told.runtime.kv[KEY]), changed(3, "1.1.1.3.x", "localhost/z"))
    told.forget(2)
    told.tell()
    assert await told.visit() == NEW


async def test_numbers_that_start_again_are_another_feed(told: Told) -> None:
    told.put(KEY, OLD)
    told.tell(*(changed(n, "1.1.1.9.x", f"localhost/{n}") for n in range(9)))
    await told.visits(30)
    told.put(KEY, NEW, version=2)
    told.changes, told.head = [], 0  # Postgres was restored from a backup
    await told.visits(FRESH + 2)
    assert await told.visit() == NEW


async def test_an_older_copy_of_the_feed_takes_nothing_back(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(30)
    earlier = told.runtime.kv[FEED_KEY]
    told.tell(changed(2, told.put("elsewhere", NEW, version=2)))
    await told.visits(FRESH)
    told.runtime.kv[FEED_KEY] = earlier
    told.runtime.clock += FRESH
    assert [await told.visit(), await told.visit()] == [NEW, NEW]
    assert told.reads() == 1


async def test_a_feed_never_costs_more_reads_than_it_saves(told: Told) -> None:
    for number in range(100):
        told.runtime.clock += 60
        told.put(f"localhost/c{number}", OLD)
        await told.visit(f"/c{number}")  # each link once: nothing is answered from memory
    assert told.reads(FEED_KEY) == 0


async def test_what_is_learned_right_after_a_gap_is_read_until_kv_has_settled(told: Told) -> None:
    told.tell(changed(2, "1.1.1.2.x", "localhost/z"))
    told.forget(1)  # a moment ago: KV may still hand out what was there before
    told.tell()
    told.put("localhost/other", OLD)
    await told.visits(3, "/other")
    told.put(KEY, OLD)
    await told.visit()
    told.put(KEY, NEW, version=2)  # what left the feed arrives
    await told.visits(FRESH + 1)
    assert await told.visit() == NEW


async def test_an_answer_of_origin_that_the_feed_overtook_is_not_kept(told: Told) -> None:
    told.links[KEY] = told.put("elsewhere", OLD)
    told.put("localhost/other", OLD)
    await told.visits(30, "/other")

    def slow(call: Call) -> Reply:
        reply = told.origin(call)
        if call.method == "GET":
            told.tell_meanwhile(changed(2, told.put("elsewhere", NEW, version=2)))
        return reply

    told.runtime.service = slow
    assert await told.visit() == NEW


def sealed(told: Told, version: int = 1, **options: Any) -> str:
    """A record that has to be opened before it can be answered."""
    return told.put("elsewhere", "", version, sealed=seal(SECRET, 7, {"url": OLD}), **options)


def opened_slowly(told: Told, *changes: FeedChange) -> None:
    """Each time that something sealed is opened, the feed tells of the next of these changes meanwhile."""
    left = list(changes)

    def slow(*sealed_by: bytes) -> bytes:
        if left:
            told.tell_meanwhile(left.pop(0))
        return decrypt(*sealed_by)

    told.runtime.cipher = slow


async def under_way(told: Told) -> None:
    told.put("localhost/other", OLD)
    told.runtime.kv[KEY] = sealed(told)
    await told.visits(30, "/other")


async def test_an_edit_that_comes_while_a_record_is_opened_is_not_lost(told: Told) -> None:
    await under_way(told)
    opened_slowly(told, changed(2, told.put("elsewhere", NEW, version=2)))
    assert [await told.visit(), await told.visit()] == [NEW, NEW]


@pytest.mark.parametrize("means", [Means.CLOSED, Means.GONE])
async def test_a_link_that_closes_while_its_record_is_opened_is_not_followed(told: Told, means: Means) -> None:
    await under_way(told)
    if means is Means.CLOSED:
        told.links[KEY] = told.put("elsewhere", NEW, version=2, disabled=True)
    opened_slowly(told, FeedChange(means, KEY, 2))
    assert await told.visit() == ("410" if means is Means.CLOSED else "404")


async def test_a_long_record_that_changes_while_the_old_one_is_opened_is_read_again(told: Told) -> None:
    await under_way(told)
    opened_slowly(told, FeedChange(Means.READ, KEY, 2))
    assert await told.visit() == OLD  # KV has no other yet
    told.put(KEY, NEW, version=2)
    await told.visits(FRESH + STALE, "/other")
    assert await told.visit() == NEW


async def test_a_link_that_changes_each_time_it_is_opened_is_given_up_for_the_moment(told: Told) -> None:
    await under_way(told)
    opened_slowly(told, *(changed(version, sealed(told, version)) for version in range(2, 6)))
    assert await told.visit() == "503"
    told.runtime.clock += FRESH
    assert await told.visit() == OLD


async def test_the_feed_is_served_to_nobody(told: Told) -> None:
    for host in ("http://localhost", "http://.", "http://:80"):
        for path in ("/feed", "//feed", "/%2ffeed", "/feed+"):
            assert (await told.get(path, host=host)).status == 404
    assert FEED_KEY not in told.runtime.kv_reads


async def test_a_deletion_is_seen_though_the_feed_told_of_an_edit_and_is_not_written_any_more(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(FRESH)
    told.tell(changed(2, told.put(KEY, NEW, version=2)))
    await told.visits(FRESH)
    assert await told.visit() == NEW
    del told.runtime.kv[KEY]
    told.runtime.clock += ALIVE
    assert await told.visit() == "404"


async def test_a_long_record_that_changed_while_an_isolate_slept_is_read_before_the_reply(told: Told) -> None:
    told.put(KEY, OLD)
    await told.visits(FRESH)
    told.put(KEY, NEW, version=2)
    told.tell(FeedChange(Means.READ, KEY, 2))
    told.runtime.clock += 400
    told.tell()
    assert await told.visit() == NEW
