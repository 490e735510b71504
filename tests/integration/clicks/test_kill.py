"""kill -9 at every step of a click's way, then a restart: the counts are exact."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from tests.integration.clicks.victim import BATCHES, CLICKS, POINTS

ROOT = Path(__file__).parents[3]
EXACT = {
    "raw": BATCHES * CLICKS,
    "distinct": BATCHES * CLICKS,
    "link_counts": BATCHES * CLICKS,
    "countries": BATCHES * CLICKS,
    "visitors": CLICKS,
}


async def start(home: Path, postgres_url: str, point: str, nth: int = 1) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.clicks.victim", str(home), postgres_url, point, str(nth),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def counts_after_restart(home: Path, postgres_url: str) -> object:
    process = await start(home, postgres_url, "none")
    out, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, err.decode()
    return json.loads(out.decode().splitlines()[-1])


@pytest.mark.parametrize(("point", "nth"), [*((point, 2) for point in POINTS), ("inserting", 1)])
async def test_killed_at_this_point_it_comes_back_with_exact_counts(
    point: str, nth: int, tmp_path: Path, postgres_url: str
) -> None:
    home = tmp_path / f"{point}-{nth}"
    process = await start(home, postgres_url, point, nth)
    _, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == -signal.SIGKILL, err.decode()
    assert await counts_after_restart(home, postgres_url) == EXACT


async def test_killed_from_outside_again_and_again_it_comes_back_with_exact_counts(
    tmp_path: Path, postgres_url: str
) -> None:
    home = tmp_path / "outside"
    for pause in (1.2, 1.5, 1.8, 2.1):  # somewhere between its start and its end, wherever that is on this machine
        process = await start(home, postgres_url, "none")
        try:
            await asyncio.wait_for(process.wait(), pause)
        except TimeoutError:
            process.kill()
        await process.communicate()
    assert await counts_after_restart(home, postgres_url) == EXACT
