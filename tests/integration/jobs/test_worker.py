"""Jobs on a real Postgres: queued with the change, done once, tried again, taken over from the dead."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import sqlalchemy as sa
import structlog
from procrastinate.jobs import Job
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from origin.jobs import worker as worker_module
from origin.jobs.queue import enqueue
from origin.jobs.worker import Backoff, Task, TryLater, Worker
from origin.storage.engine import make_engine

SOON = Backoff(timedelta(0), most_tries=4)


@pytest.fixture
async def engine(empty_jobs_url: str) -> AsyncIterator[AsyncEngine]:
    made = make_engine(empty_jobs_url)
    yield made
    await made.dispose()


@pytest.fixture
def empty_jobs_url(postgres_url: str) -> str:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
    return postgres_url


@contextlib.asynccontextmanager
async def working(url: str, tasks: dict[str, Task]) -> AsyncIterator[Worker]:
    worker = Worker(url, tasks, SOON)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def statuses(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        rows = await connection.execute(sa.text("SELECT status::text FROM procrastinate_jobs ORDER BY id"))
        return [row.status for row in rows]


async def until_queue_is(engine: AsyncEngine, wanted: list[str]) -> None:
    async with asyncio.timeout(30):
        while await statuses(engine) != wanted:
            await asyncio.sleep(0.05)


async def test_a_job_is_there_when_its_transaction_is(engine: AsyncEngine) -> None:
    async with engine.connect() as connection, connection.begin() as transaction:
        await enqueue(connection, "note", number=1)
        await transaction.rollback()
    async with engine.begin() as connection:
        await enqueue(connection, "note", number=2)
        assert await statuses(engine) == []
    assert await statuses(engine) == ["todo"]


async def test_a_job_is_done_with_its_arguments_and_then_forgotten(engine: AsyncEngine, empty_jobs_url: str) -> None:
    done: list[int] = []

    async def note(number: int) -> None:
        done.append(number)

    async with working(empty_jobs_url, {"note": note}):
        async with engine.begin() as connection:
            for number in range(20):
                await enqueue(connection, "note", number=number)
        await until_queue_is(engine, [])
    assert sorted(done) == list(range(20))


async def test_what_may_work_later_is_tried_again_until_it_does(engine: AsyncEngine, empty_jobs_url: str) -> None:
    tries: list[None] = []

    async def moody() -> None:
        tries.append(None)
        if len(tries) < 3:
            raise TryLater

    async with engine.begin() as connection:
        await enqueue(connection, "moody")
    async with working(empty_jobs_url, {"moody": moody}):
        await until_queue_is(engine, [])
    assert len(tries) == 3


async def test_tries_end(engine: AsyncEngine, empty_jobs_url: str) -> None:
    tries: list[None] = []

    async def hopeless() -> None:
        tries.append(None)
        raise TryLater

    async with engine.begin() as connection:
        await enqueue(connection, "hopeless")
    async with working(empty_jobs_url, {"hopeless": hopeless}):
        await until_queue_is(engine, ["failed"])
    assert len(tries) == 4


async def test_a_mistake_is_not_tried_again_and_does_not_stop_the_others(
    engine: AsyncEngine, empty_jobs_url: str
) -> None:
    tries: list[None] = []

    async def broken() -> None:
        tries.append(None)
        raise ValueError

    async def fine() -> None:
        pass

    async with engine.begin() as connection:
        await enqueue(connection, "broken")
        await enqueue(connection, "fine")
    async with working(empty_jobs_url, {"broken": broken, "fine": fine}):
        await until_queue_is(engine, ["failed"])
    assert len(tries) == 1


async def test_two_workers_do_each_job_once(engine: AsyncEngine, empty_jobs_url: str) -> None:
    done: list[int] = []

    async def note(number: int) -> None:
        await asyncio.sleep(0)
        done.append(number)

    async with engine.begin() as connection:
        for number in range(50):
            await enqueue(connection, "note", number=number)
    async with working(empty_jobs_url, {"note": note}), working(empty_jobs_url, {"note": note}):
        await until_queue_is(engine, [])
    assert sorted(done) == list(range(50))


async def test_a_worker_that_loses_its_connections_goes_on(engine: AsyncEngine, empty_jobs_url: str) -> None:
    done = asyncio.Event()

    async def note() -> None:
        done.set()

    async with working(empty_jobs_url, {"note": note}) as worker:
        async with asyncio.timeout(30):
            while not (await worker.ready())["queue"].ok:
                await asyncio.sleep(0.05)
        with psycopg.connect(empty_jobs_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nearhop-jobs'"
                " AND datname = current_database()"
            )
        async with engine.begin() as connection:
            await enqueue(connection, "note")
        async with asyncio.timeout(60):
            await done.wait()


async def test_the_jobs_of_a_worker_that_was_killed_are_taken_over(
    engine: AsyncEngine, empty_jobs_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = asyncio.Event()

    async def note() -> None:
        done.set()

    async with engine.begin() as connection:
        await enqueue(connection, "note")
        await connection.execute(
            sa.text(
                "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - interval '1 hour') RETURNING id)"
                " UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM dead)"
            )
        )
    monkeypatch.setattr(worker_module, "_STALLED_SECONDS", 1.0)
    async with working(empty_jobs_url, {"note": note}), asyncio.timeout(60):
        await done.wait()
        await until_queue_is(engine, [])


def test_each_wait_is_longer_than_the_one_before_up_to_an_hour() -> None:
    waits: list[float] = []
    for attempts in range(12):
        job = Job(id=1, queue="", lock=None, queueing_lock=None, task_name="", attempts=attempts)
        decision = Backoff().get_retry_decision(exception=TryLater(), job=job)
        if decision is not None:
            assert decision.retry_at is not None
            waits.append(round((decision.retry_at - datetime.now(UTC)).total_seconds()))
    assert waits == [5, 20, 80, 320, 1280, *[3600] * 6]


async def test_a_jobs_log_lines_name_the_request_that_queued_it(engine: AsyncEngine, empty_jobs_url: str) -> None:
    tries: list[int] = []

    async def note(number: int) -> None:
        structlog.get_logger("test").info("at work", number=number)
        tries.append(number)
        if len(tries) == 1:
            raise TryLater("not yet")

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        with structlog.contextvars.bound_contextvars(request_id="asked-3"):
            async with engine.begin() as connection:
                await enqueue(connection, "note", number=1)
        async with working(empty_jobs_url, {"note": note}):
            await until_queue_is(engine, [])
            async with engine.begin() as connection:
                await enqueue(connection, "note", number=2)
            await until_queue_is(engine, [])
    lines = [(each.get("request_id"), each["event"], each.get("outcome")) for each in logs]
    assert [each for each in lines if each[1] in {"at work", "job"}] == [
        ("asked-3", "at work", None),
        ("asked-3", "job", "again"),
        ("asked-3", "at work", None),
        ("asked-3", "job", "done"),
        (None, "at work", None),
        (None, "job", "done"),
    ]
