"""Processes are kept up, named when they die, and stopped in order; what a killed start left behind is ended."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local import leftovers, process
from deploy.local.errors import CannotStart, CannotStayUp
from deploy.local.supervisor import Supervisor

WAITS = (
    "import signal, time; signal.signal(signal.SIGTERM, lambda *_: exit(0)); print('up', flush=True); time.sleep(60)"
)


class Lines:
    """Collects what is said, and can be waited on."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def __call__(self, name: str, line: str) -> None:
        self.said.append((name, line))

    async def wait_for(self, name: str, part: str, times: int = 1) -> None:
        async with asyncio.timeout(30):
            while sum(part in line for who, line in self.said if who == name) < times:
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "FIRST_PAUSE", 0.01)


def supervisor(tmp_path: Path, lines: Lines, **programs: str) -> Supervisor:
    (tmp_path / "run").mkdir()
    commands = {name: [sys.executable, "-c", program] for name, program in programs.items()}
    return Supervisor(commands, dict(os.environ), tmp_path, lines)


async def test_a_process_that_is_killed_is_named_and_started_again_while_the_others_go_on(tmp_path: Path) -> None:
    lines, stop = Lines(), asyncio.Event()
    both = supervisor(tmp_path, lines, first=WAITS, second=WAITS)

    async def kill_one() -> None:
        await lines.wait_for("first", "up")
        await lines.wait_for("second", "up")
        pid = both.processes["first"].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await lines.wait_for("first", "up", times=2)
        stop.set()

    await both.run(kill_one, stop)
    assert sum(line == "up" for name, line in lines.said if name == "second") == 1
    assert any("first ended with signal SIGKILL; starting it again" in line for _, line in lines.said)


async def test_a_process_that_cannot_stay_up_ends_all(tmp_path: Path) -> None:
    lines = Lines()
    both = supervisor(tmp_path, lines, steady=WAITS, broken="exit(3)")
    with pytest.raises(CannotStayUp, match="broken ended 6 times in a row, the last time with exit code 3"):
        await both.run(lambda: asyncio.sleep(0), asyncio.Event())
    assert both.processes["steady"].pid is None


async def test_a_process_that_has_nothing_to_do_is_left_alone(tmp_path: Path) -> None:
    lines, stop = Lines(), asyncio.Event()
    both = supervisor(tmp_path, lines, idle="print('not needed')", steady=WAITS)

    async def look() -> None:
        await lines.wait_for("steady", "up")
        async with asyncio.timeout(30):
            while not both.processes["idle"].not_needed:
                await asyncio.sleep(0.01)
        stop.set()

    await both.run(look, stop)
    assert sum(line == "not needed" for name, line in lines.said if name == "idle") == 1


async def test_the_edge_stops_before_origin_and_origin_before_postgres(tmp_path: Path) -> None:
    told = (
        "import signal, sys, time\n"
        "def end(*_): open('{file}', 'a').write('{name} '); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(60)"
    )
    order = tmp_path / "order"
    lines, stop = Lines(), asyncio.Event()
    names = ("postgres", "origin", "edge")
    all_of_them = supervisor(tmp_path, lines, **{name: told.format(file=order, name=name) for name in names})

    async def ready() -> None:
        for name in names:
            await lines.wait_for(name, "up")
        stop.set()

    await all_of_them.run(ready, stop)
    assert order.read_text().split() == ["edge", "origin", "postgres"]


async def test_a_start_that_fails_stops_what_it_had_started(tmp_path: Path) -> None:
    lines = Lines()
    one = supervisor(tmp_path, lines, first=WAITS)

    async def fail() -> None:
        await lines.wait_for("first", "up")
        raise CannotStart("not today")

    with pytest.raises(CannotStart, match="not today"):
        await one.run(fail, asyncio.Event())
    assert one.processes["first"].pid is None


@pytest.mark.skipif(sys.platform != "linux", reason="start times are read from /proc")
def test_what_a_killed_start_left_behind_is_ended(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with subprocess.Popen([sys.executable, "-c", WAITS], start_new_session=True, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        leftovers.remember(tmp_path, {"edge": child.pid})
        assert leftovers.end_leftovers(tmp_path) == ["edge"]
        assert child.wait(10) == 0
    assert leftovers.end_leftovers(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="start times are read from /proc")
def test_a_stranger_with_a_remembered_pid_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    leftovers.remember(tmp_path, {"edge": os.getpid()})
    file = tmp_path / "run" / "processes.json"
    started = leftovers.started(os.getpid())
    assert started is not None
    file.write_text(file.read_text().replace(started, "1"))
    assert leftovers.end_leftovers(tmp_path) == []


def test_a_damaged_file_of_processes_does_not_stop_a_start(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "processes.json").write_text("{")
    assert leftovers.end_leftovers(tmp_path) == []


def test_a_second_start_on_one_home_is_refused(tmp_path: Path) -> None:
    with leftovers.only_one(tmp_path), pytest.raises(CannotStart, match="already runs"), leftovers.only_one(tmp_path):
        pass
    with leftovers.only_one(tmp_path):
        pass


def test_a_killed_supervisor_takes_its_processes_along(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("the kernel's parent-death signal is Linux's")
    program = (
        "import asyncio, os, sys; from pathlib import Path; from deploy.local.supervisor import Supervisor\n"
        f"commands = {{'one': [sys.executable, '-c', {WAITS!r}]}}\n"
        f"s = Supervisor(commands, dict(os.environ), Path({str(tmp_path)!r}), lambda n, l: print(l, flush=True))\n"
        "async def say(): \n"
        "    while not s.processes['one'].pid: await asyncio.sleep(.01)\n"
        "    print(s.processes['one'].pid, flush=True)\n"
        "asyncio.run(s.run(say, asyncio.Event()))"
    )
    (tmp_path / "run").mkdir()
    root = Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        lines = [holder.stdout.readline().strip() for _ in range(2)]
        pid = int(next(line for line in lines if line.isdecimal()))
        holder.kill()
    deadline = time.monotonic() + 20
    while leftovers.started(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert leftovers.started(pid) is None
