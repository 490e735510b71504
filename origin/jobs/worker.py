"""The loop that does the queued jobs, through failures of Postgres and ends of other workers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta

import procrastinate
import structlog
from procrastinate import RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy
from prometheus_client import Counter

from origin.ending import end
from origin.health import Part
from origin.jobs.queue import REQUEST_ID

Task = Callable[..., Awaitable[None]]

JOBS = Counter(
    "nearhop_jobs_total", "Jobs run, by task and outcome: done, again (tried later) or failed.", ["task", "outcome"]
)

_log = structlog.get_logger("origin.jobs")

_AT_ONCE = 4
_GRACEFUL_SECONDS = 3.0
_POLL_SECONDS = 5.0
# A worker that was killed leaves its jobs as "doing": after this long without a heartbeat they are done by another.
_STALLED_SECONDS = 60.0
_RECONNECT_SECONDS = 1.0


class TryLater(Exception):
    """What a task needs does not answer right now."""


class Backoff(BaseRetryStrategy):
    """Try a task again where it raised TryLater: after 5 s, then four times as long each time, at most an hour."""

    def __init__(self, first: timedelta = timedelta(seconds=5), most_tries: int = 12) -> None:
        self._first = first
        self._most_tries = most_tries

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again; None once there were enough tries or where trying again can't help."""
        if not isinstance(exception, TryLater) or job.attempts + 1 >= self._most_tries:
            return None
        wait = min(self._first.total_seconds() * 4 ** min(job.attempts, 10), 3600.0)
        return RetryDecision(retry_in={"seconds": round(wait)})


class Worker:
    """Does jobs until it is cancelled."""

    def __init__(self, database_url: str, tasks: Mapping[str, Task], backoff: Backoff | None = None) -> None:
        self._database_url = database_url
        self._tasks = tasks
        self._backoff = backoff or Backoff()
        self._failure = "not started yet"

    async def run(self) -> None:
        """Work; where Postgres goes away, wait and begin again."""
        while True:
            try:
                await self._work()
            except (ConnectorException, ExceptionGroup, OSError) as error:
                self._failure = type(error).__name__
                _log.warning("the queue does not answer", error=str(error))
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def ready(self) -> dict[str, Part]:
        """Whether jobs are being taken."""
        return {"queue": Part(not self._failure, self._failure)}

    async def _work(self) -> None:
        connector = procrastinate.PsycopgConnector(
            conninfo=self._database_url,
            min_size=1,
            max_size=_AT_ONCE + 2,
            timeout=5,
            kwargs={"application_name": "nearhop-jobs", "connect_timeout": 5},
        )
        async with self._app(connector).open_async() as app:
            self._failure = ""
            async with _rescue(app):
                await app.run_worker_async(
                    concurrency=_AT_ONCE,
                    delete_jobs="successful",
                    fetch_job_polling_interval=_POLL_SECONDS,
                    shutdown_graceful_timeout=_GRACEFUL_SECONDS,
                    install_signal_handlers=False,
                )

    def _app(self, connector: procrastinate.PsycopgConnector) -> procrastinate.App:
        app = procrastinate.App(connector=connector)
        for name, task in self._tasks.items():
            app.task(name=name, retry=self._backoff)(_counted(name, task))
        return app


def _counted(name: str, task: Task) -> Task:
    async def counted(**arguments: object) -> None:
        known = {"request_id": arguments.pop(REQUEST_ID)} if REQUEST_ID in arguments else {}
        with structlog.contextvars.bound_contextvars(**known):
            try:
                await task(**arguments)
            except TryLater:
                _note(name, "again")
                raise
            except Exception as error:
                _note(name, "failed", error=type(error).__name__)
                raise
            _note(name, "done")

    return counted


def _note(task: str, outcome: str, **more: str) -> None:
    JOBS.labels(task, outcome).inc()
    _log.info("job", task=task, outcome=outcome, **more)


@contextlib.asynccontextmanager
async def _rescue(app: procrastinate.App) -> AsyncIterator[None]:
    task = asyncio.create_task(_rescue_forever(app))
    try:
        yield
    finally:
        await end(task)
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _rescue_forever(app: procrastinate.App) -> None:
    while True:
        with contextlib.suppress(ConnectorException):  # the worker itself notices as well, and says so
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS):
                _log.warning("taking over a job of a worker that is gone", task=job.task_name, job=job.id)
                await app.job_manager.retry_job(job)
        await asyncio.sleep(_STALLED_SECONDS / 2)
