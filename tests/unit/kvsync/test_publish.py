import time

import pytest

from kvsync.batch_size import BatchSize
from kvsync.changes import Change, Claim, Outcome
from kvsync.errors import KvBusy, KvForbidden, KvUncertain, LeaseLost
from kvsync.kv_api import KvApi
from kvsync.kv_fake import FakeKv, Fault
from kvsync.publish import Publisher, batches
from kvsync.settings import Settings


def put(key: str, version: int = 1, published: int = 0) -> Change:
    return Change(key, version, f"1.1.1.{version}.https://example.com/", published)


def delete(key: str, version: int = 1) -> Change:
    return Change(key, version, None, 0)


def claimed(*changes: Change, seconds: float = 60) -> Claim:
    return Claim("me", time.monotonic() + seconds, list(changes))


async def all_ours(claim: Claim, keys: list[str]) -> set[str]:
    claim.deadline = time.monotonic() + 60
    return set(keys)


async def published(api: KvApi, settings: Settings, claim: Claim) -> Outcome:
    outcome = Outcome()
    await Publisher(api, settings, all_ours, BatchSize(100, 1)).publish(claim, outcome)
    return outcome


async def test_puts_and_deletes_go_out_in_one_call_each(api: KvApi, settings: Settings, fake: FakeKv) -> None:
    fake.pairs["a/3"] = "old", {"v": 1}
    outcome = await published(api, settings, claimed(put("a/1"), put("a/2"), delete("a/3")))
    assert fake.calls == [("put", 2), ("delete", 1)]
    assert set(fake.pairs) == {"a/1", "a/2"}
    assert {change.key for change in outcome.written} == {"a/1", "a/2", "a/3"}


async def test_a_version_that_kv_already_passed_is_not_written(api: KvApi, settings: Settings, fake: FakeKv) -> None:
    outcome = await published(api, settings, claimed(put("a/1", 4, published=5), put("a/2", 5, published=5)))
    assert fake.calls == []
    assert outcome == Outcome()


@pytest.mark.parametrize("bad", [{3}, {0, 9}, set(range(10)), {4, 5, 6}])
async def test_the_rows_that_kv_refuses_are_found_and_the_others_written(
    api: KvApi, settings: Settings, fake: FakeKv, bad: set[int]
) -> None:
    fake.refuses = lambda key: int(key.removeprefix("a/")) in bad
    outcome = await published(api, settings, claimed(*[put(f"a/{n}") for n in range(10)]))
    assert {change.key for change, _ in outcome.refused} == {f"a/{n}" for n in bad}
    assert all("10014 could not process" in error for _, error in outcome.refused)
    assert set(fake.pairs) == {f"a/{n}" for n in range(10)} - {f"a/{n}" for n in bad}
    assert outcome.uncertain == []


async def test_what_kv_never_takes_is_not_even_sent(api: KvApi, settings: Settings, fake: FakeKv) -> None:
    huge = Change("a/2", 1, "x" * (25 * 1024 * 1024 + 1), 0)
    outcome = await published(api, settings, claimed(put("a/" + "é" * 256), huge, put("a/3")))
    assert [change.key for change, _ in outcome.refused] == ["a/" + "é" * 256, "a/2"]
    assert fake.calls == [("put", 1)]


@pytest.mark.parametrize(
    ("fault", "error", "uncertain"),
    [
        (Fault(429), KvBusy, False),
        (Fault(500), KvBusy, False),
        (Fault(403), KvForbidden, False),
        (Fault(), KvUncertain, True),
        (Fault(carried_out=True), KvUncertain, True),
    ],
)
async def test_a_failed_call_ends_the_round_and_refuses_nothing(
    api: KvApi, settings: Settings, fake: FakeKv, fault: Fault, error: type[Exception], *, uncertain: bool
) -> None:
    fake.faults.append(fault)
    outcome = await published(api, settings, claimed(put("a/1"), delete("a/2")))
    assert isinstance(outcome.error, error)
    assert outcome.written == []
    assert outcome.refused == []
    assert [change.key for change in outcome.uncertain] == (["a/1"] if uncertain else [])


async def test_keys_that_kv_left_out_are_put_off(api: KvApi, settings: Settings, fake: FakeKv) -> None:
    fake.unsuccessful.add("a/1")
    outcome = await published(api, settings, claimed(put("a/1"), put("a/2")))
    assert [change.key for change in outcome.put_off] == ["a/1"]
    assert [change.key for change in outcome.written] == ["a/2"]


async def test_no_call_is_started_that_could_outlast_its_leases(api: KvApi, settings: Settings, fake: FakeKv) -> None:
    async def taken_over(claim: Claim, keys: list[str]) -> set[str]:
        return {keys[0]}

    outcome = Outcome()
    short = claimed(put("a/1"), put("a/2"), seconds=settings.kv_timeout_seconds)
    await Publisher(api, settings, taken_over, BatchSize(100, 1)).publish(short, outcome)
    assert isinstance(outcome.error, LeaseLost)
    assert fake.calls == []


async def test_leases_are_prolonged_when_calls_take_long(api: KvApi, settings: Settings, fake: FakeKv) -> None:
    outcome = await published(api, settings, claimed(put("a/1"), seconds=0.1))
    assert [change.key for change in outcome.written] == ["a/1"]


def test_a_call_has_no_more_pairs_and_bytes_than_it_may() -> None:
    changes = [Change(f"a/{n}", 1, "x" * 100, 0) for n in range(10)]
    size = changes[0].size
    assert [len(part) for part in batches(changes, 4, 10**6)] == [4, 4, 2]
    assert [len(part) for part in batches(changes, 100, 3 * size)] == [3, 3, 3, 1]
    assert [len(part) for part in batches(changes, 100, 1)] == [1] * 10
    assert list(batches([], 4, 100)) == []


def test_calls_grow_while_they_are_quick_and_shrink_when_they_are_slow() -> None:
    size = BatchSize(1_000, good_seconds=2)
    for _ in range(10):
        size.took(size.pairs, 0.1)
    assert size.pairs == 1_000
    size.took(1_000, 1.5)
    assert size.pairs == 1_000
    size.took(1_000, 3)
    assert size.pairs == 500
    size.took(20, 0.01)
    assert size.pairs == 500, "a small call says nothing about large ones"
    size.unanswered()
    assert size.pairs == 62
    for _ in range(10):
        size.unanswered()
    assert size.pairs == 1
    size.took(1, 9)
    assert size.pairs == 1


async def test_a_call_without_an_answer_makes_the_next_ones_smaller(
    api: KvApi, settings: Settings, fake: FakeKv
) -> None:
    size = BatchSize(100, 1)
    fake.faults.append(Fault())
    await Publisher(api, settings, all_ours, size).publish(claimed(*[put(f"a/{n}") for n in range(100)]), Outcome())
    await Publisher(api, settings, all_ours, size).publish(claimed(*[put(f"a/{n}") for n in range(24)]), Outcome())
    assert fake.calls == [("put", 12), ("put", 12)]
