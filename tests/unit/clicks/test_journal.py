from pathlib import Path

import msgspec
import pytest

from origin.clicks.journal import Block, Journal
from origin.clicks.segments import Position


def opened(path: Path) -> Journal:
    journal = Journal(path)
    journal.open()
    return journal


def test_a_begun_block_is_found_again_under_the_same_id(tmp_path: Path) -> None:
    journal = opened(tmp_path / "drain.json")
    block = Block(3, 100, 900)
    journal.begin(block)
    again = opened(tmp_path / "drain.json")
    assert again.block == block
    assert again.id_of(block) == journal.id_of(block)
    assert again.position == Position(0, 0)


def test_a_finished_block_is_not_begun_again(tmp_path: Path) -> None:
    journal = opened(tmp_path / "drain.json")
    journal.begin(Block(3, 100, 900))
    journal.finish(Position(3, 900))
    again = opened(tmp_path / "drain.json")
    assert again.block is None
    assert again.position == Position(3, 900)


def test_blocks_of_two_spools_never_share_an_id(tmp_path: Path) -> None:
    block = Block(1, 0, 10)
    assert opened(tmp_path / "a.json").id_of(block) != opened(tmp_path / "b.json").id_of(block)


def test_a_journal_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "drain.json").write_text("{")
    with pytest.raises(msgspec.DecodeError):
        opened(tmp_path / "drain.json")
