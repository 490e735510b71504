"""Reads from a real streaming replica of Postgres: what goes there, what does not, and what happens when it is gone."""

import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage.embedded_postgres import running
from origin.storage.embedded_postgres.cluster import Cluster, prepare, program
from origin.storage.embedded_postgres.server import PostgresServer
from origin.storage.engine import make_engine
from origin.storage.migrate import upgrade
from origin.storage.replicas import FAILURES, READS, Replicas
from tests.factories import Account, new_account
from tests.letters import bearer, invitation, new_email, register
from tests.origin_app import make_app, make_client

LINKS = "/api/v1/links"
URL = "https://example.com/"


@contextmanager
def standby(primary: Cluster, folder: Path) -> Iterator[PostgresServer]:
    """A hot standby that streams from a running primary."""
    data, sockets = folder / "standby", folder / "s"
    for each in (data, sockets):
        each.mkdir()
        primary.account.own(each)
    command = [str(program("pg_basebackup")), "-R", "-X", "stream", "-c", "fast", "-D", str(data)]
    command += ["-d", f"host={primary.sockets} user=nearhop"]
    subprocess.run([*primary.account.bound_prefix(signal.SIGKILL), *command], cwd="/", check=True, timeout=60)
    server = PostgresServer(Cluster(data, sockets, primary.account))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, PostgresServer]]:
    """A migrated primary's URL, and its standby."""
    folder = tmp_path_factory.mktemp("replicas")
    with running(folder / "home") as url:
        upgrade(url)
        with standby(prepare(folder / "home"), folder) as server:
            yield url, server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def primary(servers: tuple[str, PostgresServer]) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(servers[0])
    yield engine
    await engine.dispose()


@pytest.fixture
async def replicas(primary: AsyncEngine, servers: tuple[str, PostgresServer]) -> AsyncIterator[Replicas]:
    found = Replicas(primary, [make_engine(servers[1].url, connect_seconds=2)])
    yield found
    await found.dispose()


@pytest.fixture
async def account(primary: AsyncEngine) -> Account:
    return await new_account(primary)


@pytest.fixture
async def api(primary: AsyncEngine, replicas: Replicas, account: Account) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(make_app(primary, replicas=replicas), account.api_key) as client:
        yield client


def reads() -> tuple[float, float]:
    """How many reads a replica and the primary have answered."""
    answered = [READS.labels(by)._value.get() for by in ("replica", "primary")]
    return answered[0], answered[1]


def answered_by(before: tuple[float, float]) -> str:
    by_replica, by_primary = (now - then for now, then in zip(reads(), before, strict=True))
    assert by_replica + by_primary == 1
    return "replica" if by_replica else "primary"


def on(url: str, statement: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(statement.encode()).fetchone()
        return str(found[0]) if found else ""


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def paused(url: str) -> Iterator[None]:
    """A standby that replays nothing."""
    on(url, "SELECT pg_wal_replay_pause()")
    wait_for(lambda: on(url, "SELECT pg_get_wal_replay_pause_state()") == "paused")
    yield
    on(url, "SELECT pg_wal_replay_resume()")


async def test_what_may_lag_is_read_from_the_replica_and_own_writes_are_not_missed(
    api: httpx.AsyncClient, servers: tuple[str, PostgresServer]
) -> None:
    with paused(servers[1].url):
        link = (await api.post(LINKS, json={"url": URL})).json()
        before = reads()
        assert [each["id"] for each in (await api.get(LINKS)).json()] == [link["id"]]
        assert answered_by(before) == "primary"

    async def by_replica() -> bool:
        before = reads()
        assert [each["id"] for each in (await api.get(LINKS)).json()] == [link["id"]]
        return answered_by(before) == "replica"

    end = time.monotonic() + 20
    while not await by_replica():
        assert time.monotonic() < end
    for path, expected in (
        (f"{LINKS}/count", 1),
        ("/api/v1/tags", []),
        ("/api/v1/folders", []),
        ("/api/v1/domains", []),
    ):
        before = reads()
        assert (await api.get(path)).json() == expected
        assert answered_by(before) == "replica"


async def test_a_write_of_another_process_is_not_missed_either(
    api: httpx.AsyncClient,
    primary: AsyncEngine,
    replicas: Replicas,
    account: Account,
    servers: tuple[str, PostgresServer],
) -> None:
    other = Replicas(primary, [])
    with paused(servers[1].url):
        async with make_client(make_app(primary, replicas=other), account.api_key) as elsewhere:
            link = (await elsewhere.post(LINKS, json={"url": URL})).json()
            assert (await elsewhere.patch(f"{LINKS}/{link['id']}", json={"title": "New"})).status_code == 200
        assert [each["title"] for each in (await api.get(LINKS)).json()] == ["New"]


async def test_another_workspaces_writes_keep_nobody_from_the_replica(
    api: httpx.AsyncClient, primary: AsyncEngine, replicas: Replicas, servers: tuple[str, PostgresServer]
) -> None:
    await api.get(LINKS)
    written = on(servers[0], "SELECT pg_current_wal_flush_lsn()")
    wait_for(lambda: on(servers[1].url, f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == "True")
    stranger = await new_account(primary)
    with paused(servers[1].url):
        async with make_client(make_app(primary, replicas=replicas), stranger.api_key) as client:
            await client.post(LINKS, json={"url": URL})
        before = reads()
        assert (await api.get(LINKS)).status_code == 200
        assert answered_by(before) == "replica"


async def test_without_the_replica_the_primary_answers(primary: AsyncEngine, account: Account, tmp_path: Path) -> None:
    gone = Replicas(primary, [make_engine(f"postgresql:///nearhop?host={tmp_path}&user=nearhop")])
    failures = FAILURES._value.get()
    async with make_client(make_app(primary, replicas=gone), account.api_key) as client:
        for _ in range(3):
            assert (await client.get(LINKS)).json() == []
    assert FAILURES._value.get() == failures + 1, "it is left alone for a while"
    await gone.dispose()


async def test_a_server_that_is_no_replica_any_more_is_not_believed(primary: AsyncEngine, account: Account) -> None:
    promoted = Replicas(primary, [primary])
    async with promoted.reading(account.actor.workspace_id) as connection:
        assert connection is None


async def test_what_is_written_in_a_workspace_from_outside_it_is_not_missed_either(
    api: httpx.AsyncClient,
    primary: AsyncEngine,
    replicas: Replicas,
    account: Account,
    servers: tuple[str, PostgresServer],
) -> None:
    email = new_email()
    invited = await api.post(
        f"/api/v1/workspaces/{account.workspace_id}/invitations", json={"email": email, "role": "member"}
    )
    assert invited.status_code == 201
    async with make_client(make_app(primary, replicas=replicas)) as guest:
        opened = await register(guest, email)
        token = {"token": await invitation(guest, email)}
        written = on(servers[0], "SELECT pg_current_wal_flush_lsn()")
        wait_for(lambda: on(servers[1].url, f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == "True")
        with paused(servers[1].url):
            joined = await guest.post("/api/v1/invitations/accept", json=token, headers=bearer(opened))
            assert joined.status_code == 200
            before = reads()
            assert (await api.get(LINKS)).json() == []
            assert answered_by(before) == "primary"
