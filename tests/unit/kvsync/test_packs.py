"""How records are cut into packs."""

from kvsync.packs import cut
from shared import link_packs
from shared.kv_record import KvRecord, encode
from shared.link_packs import MOST_BYTES, MOST_PACKS


def records(count: int, size: int = 50) -> list[tuple[str, str]]:
    return [
        (f"go.test/{number}", encode(KvRecord(number, 1, 1, "https://e.com/" + "x" * size))) for number in range(count)
    ]


def test_the_most_popular_links_are_in_the_first_packs_and_no_pack_is_too_long() -> None:
    packs = cut(records(3_000, 3_000), 25_000_000)
    keys = [int(line.partition(b"\t")[0].removeprefix(b"go.test/")) for pack in packs for line in pack]
    assert keys == list(range(3_000))
    assert len(packs) == 5
    assert all(sum(map(len, pack)) <= MOST_BYTES for pack in packs)


def test_all_packs_together_have_a_bound() -> None:
    assert sum(len(line) for pack in cut(records(1_000), 10_000) for line in pack) <= 10_000
    assert cut(records(1_000), 0) == []
    assert len(cut(records(MOST_PACKS * 600, 3_900), 10**10)) == MOST_PACKS


def test_what_is_sealed_or_can_not_be_a_line_is_left_out() -> None:
    given = [
        ("go.test/sealed", encode(KvRecord(1, 1, 1, "", {"sealed": "ciphertext", "password": "verifier"}))),
        ("go.test/long", encode(KvRecord(1, 1, 1, "https://e.com/" + "x" * link_packs.MOST_VALUE_BYTES))),
        ("go.test/damaged", '2.1.1.1.{"sealed"'),
        ("go.test/plain", encode(KvRecord(1, 1, 1, 'https://e.com/?"sealed"'))),
    ]
    assert [[line.partition(b"\t")[0] for line in pack] for pack in cut(given, 1_000_000)] == [[b"go.test/plain"]]
