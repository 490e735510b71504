"""The embedded Postgres as a process: first start, stop, kills, what is left behind, root and not."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from origin.storage.embedded_postgres import AlreadyRunning, running
from origin.storage.embedded_postgres.account import choose
from origin.storage.embedded_postgres.cluster import program
from shared.home import embedded_database_url

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "origin.storage.embedded_postgres"]
SECONDS = 60


@pytest.fixture
def closed_home() -> Iterator[Path]:
    """A home below a folder that only we may enter."""
    folder = Path(tempfile.mkdtemp(prefix="closed"))  # mode 0700
    yield folder / "home"
    shutil.rmtree(folder)


class Holder:
    """`python -m origin.storage.embedded_postgres` for one home."""

    def __init__(self, home: Path, prefix: tuple[str, ...] = ()) -> None:
        self.home = home
        environ = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "NEARHOP_DATABASE_URL"}
        }
        environ |= {"NEARHOP_HOME": str(home), "PYTHONPATH": str(ROOT)}
        # Not from the checkout, whose .env would be read.
        self.process = subprocess.Popen(
            [*prefix, *COMMAND], env=environ, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def wait_until_ready(self) -> "Holder":
        end = time.monotonic() + SECONDS
        while not answers(self.home):
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < end
            time.sleep(0.05)
        return self

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Signal it and give its exit code and all that it wrote."""
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, output


@pytest.fixture
def hold(closed_home: Path) -> Iterator[Callable[..., Holder]]:
    """Starts holders, and ends what is left of them before the home is removed."""
    started: list[Holder] = []

    def start(home: Path, prefix: tuple[str, ...] = ()) -> Holder:
        started.append(Holder(home, prefix))
        return started[-1]

    yield start
    for holder in started:
        if holder.process.poll() is None:
            holder.end()


def answers(home: Path) -> bool:
    try:
        psycopg.connect(embedded_database_url(home), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + SECONDS
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def execute(home: Path, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(embedded_database_url(home), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def test_the_first_start_makes_a_database_that_outlives_a_restart(
    hold: Callable[..., Holder], closed_home: Path
) -> None:
    first = hold(closed_home).wait_until_ready()
    execute(closed_home, "CREATE TABLE kept AS SELECT 1 AS one")
    assert first.end()[0] == 0
    assert not answers(closed_home)
    hold(closed_home).wait_until_ready()
    assert execute(closed_home, "SELECT one FROM kept") == [(1,)]


def test_what_postgres_says_of_itself_is_in_a_file(hold: Callable[..., Holder], closed_home: Path) -> None:
    code, output = hold(closed_home).wait_until_ready().end()
    assert (code, output) == (0, f"Postgres is ready: {embedded_database_url(closed_home)}\n")
    log = closed_home / "postgres.log"
    assert "database system is ready" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_postgres_that_cannot_start_shows_the_end_of_its_log(hold: Callable[..., Holder], closed_home: Path) -> None:
    hold(closed_home).wait_until_ready().end()
    with (closed_home / "postgres.log").open("ab") as log:
        log.write(b"\0" * 10_000_001)
    (closed_home / "postgres" / "postgresql.conf").write_text("shared_buffers = much\n")
    output, _ = (holder := hold(closed_home)).process.communicate(timeout=SECONDS)
    assert holder.process.returncode == 1
    assert output.startswith(f"Postgres ended while it started. {closed_home.resolve() / 'postgres.log'} ends:\n")
    assert 'invalid value for parameter "shared_buffers": "much"' in output
    assert "database system is ready" in (closed_home / "postgres.log.old").read_text()


def test_it_is_utf8_and_listens_on_the_socket_alone(hold: Callable[..., Holder], closed_home: Path) -> None:
    hold(closed_home).wait_until_ready()
    shown = [execute(closed_home, f"SHOW {name}")[0][0] for name in ("server_encoding", "listen_addresses", "fsync")]
    assert shown == ["UTF8", "", "on"]
    assert execute(closed_home, "SELECT lower('ÄÉ') = 'äé'") == [(True,)]
    assert (closed_home / "run").stat().st_mode & 0o777 == 0o700
    assert (closed_home / "postgres").stat().st_mode & 0o777 == 0o700


def test_postgres_ends_when_its_holder_is_killed(hold: Callable[..., Holder], closed_home: Path) -> None:
    holder = hold(closed_home).wait_until_ready()
    pid = postmaster(closed_home)
    holder.end(signal.SIGKILL)
    wait_until_gone(pid)


def test_a_start_right_after_a_kill_takes_over(hold: Callable[..., Holder], closed_home: Path) -> None:
    holder = hold(closed_home).wait_until_ready()
    execute(closed_home, "CREATE TABLE kept AS SELECT 1 AS one")
    old = postmaster(closed_home)
    holder.end(signal.SIGKILL)
    hold(closed_home).wait_until_ready()
    assert postmaster(closed_home) != old
    assert execute(closed_home, "SELECT one FROM kept") == [(1,)]


def test_a_postgres_that_lost_its_holder_unnoticed_is_ended_first(
    hold: Callable[..., Holder], closed_home: Path
) -> None:
    """As after a kill -9 on a system that tells children nothing."""
    hold(closed_home).wait_until_ready().end()
    account = choose([program("postgres"), closed_home])
    options = [
        "-D",
        str(closed_home / "postgres"),
        "-c",
        "listen_addresses=",
        "-c",
        f"unix_socket_directories={closed_home / 'run'}",
    ]
    orphan = subprocess.Popen([*account.prefix, str(program("postgres")), *options], cwd="/", start_new_session=True)
    try:
        end = time.monotonic() + SECONDS
        while not answers(closed_home):
            assert time.monotonic() < end
            time.sleep(0.05)
        holder = hold(closed_home)
        assert orphan.wait(timeout=SECONDS) == 0
        holder.wait_until_ready()
    finally:
        if orphan.poll() is None:
            orphan.kill()
            orphan.wait()


def test_lock_files_that_name_a_living_stranger_do_not_matter(hold: Callable[..., Holder], closed_home: Path) -> None:
    hold(closed_home).wait_until_ready().end(signal.SIGTERM)
    stranger = subprocess.Popen(["/bin/sleep", "600"])
    try:
        for lock in (closed_home / "postgres" / "postmaster.pid", closed_home / "run" / ".s.PGSQL.5432.lock"):
            lock.write_text(
                f"{stranger.pid}\n{closed_home / 'postgres'}\n1700000000\n5432\n{closed_home / 'run'}\n\n 1 1\n"
            )
        hold(closed_home).wait_until_ready()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_damaged_and_dead_lock_files_do_not_matter(hold: Callable[..., Holder], closed_home: Path) -> None:
    hold(closed_home).wait_until_ready().end()
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    (closed_home / "postgres" / "postmaster.pid").write_text(f"{gone.pid}\n")
    hold(closed_home).wait_until_ready()


def test_a_second_holder_is_refused_in_one_sentence(hold: Callable[..., Holder], closed_home: Path) -> None:
    hold(closed_home).wait_until_ready()
    second = hold(closed_home)
    output, _ = second.process.communicate(timeout=SECONDS)
    assert second.process.returncode == 1
    assert output == "Another process keeps the Postgres of this home running: stop that one first.\n"
    with pytest.raises(AlreadyRunning), running(closed_home):
        pass


def test_postgres_ending_by_itself_ends_the_holder(hold: Callable[..., Holder], closed_home: Path) -> None:
    holder = hold(closed_home).wait_until_ready()
    os.kill(postmaster(closed_home), signal.SIGQUIT)
    output, _ = holder.process.communicate(timeout=SECONDS)
    assert holder.process.returncode == 1
    assert "Postgres ended by itself" in output
    assert "received immediate shutdown request" in output


def test_a_start_that_was_killed_while_it_made_the_data_begins_again(
    hold: Callable[..., Holder], closed_home: Path
) -> None:
    holder = hold(closed_home)
    while not list(closed_home.glob("postgres-*")) and not (closed_home / "postgres").exists():
        assert holder.process.poll() is None
        time.sleep(0.001)
    holder.end(signal.SIGKILL)
    hold(closed_home).wait_until_ready()
    assert list(closed_home.glob("postgres-*")) == []


def test_an_open_transaction_does_not_hold_up_the_end(hold: Callable[..., Holder], closed_home: Path) -> None:
    holder = hold(closed_home).wait_until_ready()
    connection = psycopg.connect(embedded_database_url(closed_home))
    connection.execute("SELECT 1")
    assert holder.end()[0] == 0
    connection.close()


def test_a_home_with_a_long_path_has_its_socket_elsewhere(hold: Callable[..., Holder], closed_home: Path) -> None:
    long_home = closed_home / ("long" * 25)
    holder = hold(long_home).wait_until_ready()
    assert not (long_home / "run").exists()
    holder.end()


def test_with_a_database_url_there_is_nothing_to_do(tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "NEARHOP_HOME": str(tmp_path / "home"),
        "DATABASE_URL": "postgresql://elsewhere/x",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(COMMAND, env=environ, cwd="/", capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (done.returncode, "not needed" in done.stdout) == (0, True)
    assert not (tmp_path / "home").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_it_runs_as_an_ordinary_user(hold: Callable[..., Holder]) -> None:
    """The user is `nobody` with the one capability that lets it read the interpreter, wherever that lies."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        user = pwd.getpwnam("nobody")
        home.mkdir()
        os.chown(home, user.pw_uid, user.pw_gid)
        prefix = choose([Path(sys.executable).resolve(), ROOT, home]).prefix
        holder = hold(home, prefix).wait_until_ready()
        assert Path(f"/proc/{postmaster(home)}").stat().st_uid == user.pw_uid
        assert holder.end()[0] == 0


@pytest.mark.skipif(os.getuid() != 0, reason="as another user it runs as that user")
def test_for_root_it_runs_as_nobody_and_leaves_the_modes_of_others_alone(
    hold: Callable[..., Holder], closed_home: Path
) -> None:
    hold(closed_home).wait_until_ready()
    assert Path(f"/proc/{postmaster(closed_home)}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert closed_home.parent.stat().st_mode & 0o777 == 0o700
    assert closed_home.parent.stat().st_uid == 0
