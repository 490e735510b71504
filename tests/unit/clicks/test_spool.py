import asyncio
import errno
import os
from pathlib import Path

import pytest

from origin.clicks import frames
from origin.clicks.segments import Position
from origin.clicks.spool import Spool, SpoolBroken, SpoolFull
from origin.storage.folder_lock import FolderLocked


def make(folder: Path, **options: object) -> Spool:
    settings: dict[str, object] = {"segment_bytes": 10_000, "max_bytes": 1_000_000, **options}
    spool = Spool(folder, **settings)  # type: ignore[arg-type]  # options of the tests below
    spool.open()
    return spool


def bodies(spool: Spool) -> list[bytes]:
    """Everything that a drain would read."""
    found = []
    for number in spool.segments.numbers():
        data = spool.segments.read(Position(number, 0), spool.end_of(number))
        found += [bytes(frame.body) for frame in frames.walk(data)]
    return found


class SlowDisk:
    """Syncs when told to, so that requests gather."""

    def __init__(self) -> None:
        self.calls = 0
        self.full = False

    def __call__(self, handle: int) -> None:
        self.calls += 1
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)


async def test_what_was_acknowledged_is_there_after_a_restart(tmp_path: Path) -> None:
    spool = make(tmp_path)
    await spool.append(1.0, 1, b"one")
    await spool.append(2.0, 1, b"two")
    spool.close()
    again = make(tmp_path)
    assert bodies(again) == [b"one", b"two"]
    await again.append(3.0, 1, b"three")
    assert bodies(again) == [b"one", b"two", b"three"]
    assert len(again.segments.numbers()) == 2, "a restart never appends to an old segment"
    again.close()


async def test_requests_that_wait_together_share_one_sync(tmp_path: Path) -> None:
    disk = SlowDisk()
    spool = make(tmp_path, sync=disk, segment_bytes=1_000_000)
    await asyncio.gather(*(spool.append(1.0, 1, b"%d" % number) for number in range(500)))
    assert sorted(bodies(spool)) == sorted(b"%d" % number for number in range(500))
    assert disk.calls < 100
    spool.close()


async def test_nothing_is_acknowledged_before_its_sync(tmp_path: Path) -> None:
    disk = SlowDisk()
    disk.full = True
    spool = make(tmp_path, sync=disk, retry_seconds=0.0)
    with pytest.raises(SpoolBroken, match="No space left"):
        await spool.append(1.0, 1, b"lost")
    assert bodies(spool) == []
    assert "No space left" in spool.problem
    spool.close()


async def test_a_disk_error_stops_the_intake_until_the_disk_may_be_asked_again(tmp_path: Path) -> None:
    disk = SlowDisk()
    spool = make(tmp_path, sync=disk, retry_seconds=3600.0)
    await spool.append(1.0, 1, b"before")
    disk.full = True
    with pytest.raises(SpoolBroken):
        await spool.append(1.0, 1, b"meets the error")
    disk.full, calls = False, disk.calls
    with pytest.raises(SpoolBroken):
        await spool.append(1.0, 1, b"too soon")
    assert disk.calls == calls, "the disk is left alone meanwhile"
    assert bodies(spool) == [b"before"]
    spool.close()


async def test_after_a_disk_error_a_new_segment_is_begun(tmp_path: Path) -> None:
    disk = SlowDisk()
    spool = make(tmp_path, sync=disk, retry_seconds=0.0)
    await spool.append(1.0, 1, b"before")
    disk.full = True
    with pytest.raises(SpoolBroken):
        await spool.append(1.0, 1, b"meets the error")
    disk.full = False
    await spool.append(1.0, 1, b"after")
    assert bodies(spool) == [b"before", b"after"]
    assert spool.problem == ""
    assert len(spool.segments.numbers()) == 2
    spool.close()


async def test_a_full_segment_is_followed_by_a_new_one_and_old_ones_can_go(tmp_path: Path) -> None:
    spool = make(tmp_path, segment_bytes=100)
    for number in range(10):
        await spool.append(1.0, 1, b"%d" % number * 60)
    numbers = spool.segments.numbers()
    assert len(numbers) == 5
    assert spool.stored_bytes == spool.segments.total_bytes()
    spool.forget_before(numbers[-1])
    assert spool.segments.numbers() == numbers[-1:]
    assert spool.stored_bytes == spool.segments.total_bytes()
    spool.close()


async def test_at_the_cap_clicks_are_turned_away_and_room_lets_them_in_again(tmp_path: Path) -> None:
    spool = make(tmp_path, segment_bytes=100, max_bytes=300)
    for _ in range(3):
        await spool.append(1.0, 1, bytes(80))
    with pytest.raises(SpoolFull, match="NEARHOP_SPOOL_MAX_BYTES"):
        await spool.append(1.0, 1, bytes(80))
    spool.forget_before(spool.segments.numbers()[1])
    await spool.append(1.0, 1, bytes(80))
    spool.close()


async def test_a_torn_tail_is_cut_and_what_stands_before_it_is_kept(tmp_path: Path) -> None:
    spool = make(tmp_path)
    await spool.append(1.0, 1, b"whole")
    spool.close()
    path = spool.segments.path(1)
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(frames.encode(2.0, 1, b"cut off")[:-3])
    again = make(tmp_path)
    assert bodies(again) == [b"whole"]
    assert path.stat().st_size == size
    assert again.segments.damaged_bytes == 0
    again.close()


async def test_damage_is_set_aside_not_thrown_away(tmp_path: Path) -> None:
    spool = make(tmp_path)
    await spool.append(1.0, 1, b"good")
    good = spool.end.offset
    await spool.append(2.0, 1, b"will be hit")
    spool.close()
    path = spool.segments.path(1)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    again = make(tmp_path)
    assert bodies(again) == [b"good"]
    assert again.segments.damaged_bytes == len(data) - good
    assert [file.read_bytes() for file in (tmp_path / "damaged").iterdir()] == [bytes(data[good:])]
    again.close()


async def test_one_spool_has_one_owner(tmp_path: Path) -> None:
    spool = make(tmp_path)
    with pytest.raises(FolderLocked, match=f"Process {os.getpid()} uses the click spool"):
        make(tmp_path)
    spool.close()
    make(tmp_path).close()


async def test_a_closed_spool_says_so(tmp_path: Path) -> None:
    spool = make(tmp_path)
    spool.close()
    with pytest.raises(SpoolBroken, match="stopping"):
        await spool.append(1.0, 1, b"late")
