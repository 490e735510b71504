"""How far the drain is, on disk: up to where ClickHouse has everything, and the block that it has in hand."""

import os
import secrets
from pathlib import Path

import msgspec

from origin.clicks.segments import Position, sync_folder


class Block(msgspec.Struct, frozen=True, array_like=True):
    """The bytes from `start` to `end` of a segment: what goes to ClickHouse in one insert.

    `capped`: workspaces whose clicks in it are not counted any more this month.
    """

    segment: int
    start: int
    end: int
    capped: tuple[int, ...] = ()


class State(msgspec.Struct):
    """`spool` is this spool's name: it makes the ids of blocks unique among all processes."""

    spool: str
    position: tuple[int, int] = (0, 0)
    block: Block | None = None


class Journal:
    """Written before an insert and after it, so a crash in between leads to the very same insert again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = State(secrets.token_hex(6))

    def open(self) -> None:
        """Read the state, or start one; raises msgspec.DecodeError for a file that is none."""
        if self._path.exists():
            self._state = msgspec.json.decode(self._path.read_bytes(), type=State)
        else:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._save()

    @property
    def position(self) -> Position:
        """Everything before it is in ClickHouse."""
        return Position(*self._state.position)

    @property
    def block(self) -> Block | None:
        """The block whose insert was begun."""
        return self._state.block

    def id_of(self, block: Block) -> str:
        """Names a block everywhere and for ever: its deduplication token and the owner of its batches."""
        return f"{self._state.spool}-{block.segment}-{block.start}-{block.end}"

    def begin(self, block: Block) -> None:
        """Note a block before anything is done with it."""
        self._state.block = block
        self._save()

    def finish(self, position: Position) -> None:
        """Note that ClickHouse has everything before `position`."""
        self._state.block = None
        self._state.position = (position.segment, position.offset)
        self._save()

    def _save(self) -> None:
        temporary = self._path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode(self._state))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        sync_folder(self._path.parent)
