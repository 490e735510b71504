"""Keeps every process of the Procfile up, and stops them so that nothing is lost."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from deploy.local import leftovers
from deploy.local.process import Process, Say

# The edge hands its buffered clicks to origin, and all write to Postgres: so they stop in this order. The seconds
# add up to less than ten; a process that takes longer is killed.
STOP_ORDER = ((("edge", "dashboard", "landing", "jobs"), 4.0), (("kvsync", "origin"), 4.0), (("postgres",), 1.5))


class Supervisor:
    """All processes together. One that dies is started again; one that can't stay up ends all."""

    def __init__(self, commands: Mapping[str, list[str]], environ: Mapping[str, str], home: Path, say: Say) -> None:
        self.processes = {name: Process(name, command, environ, say) for name, command in commands.items()}
        self._home = home
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self, once_started: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
        """Start all, await `once_started` beside them, and return after `stop` is set and all have ended.

        Raises CannotStayUp, or what `once_started` raised, after all have ended.
        """
        try:
            for name, process in self.processes.items():
                self._tasks[name] = asyncio.create_task(process.keep_up(self._remember), name=name)
            await self._watch(asyncio.ensure_future(once_started()), asyncio.create_task(stop.wait()))
        finally:
            await self._stop_all()

    async def _watch(self, started: asyncio.Future[None], stopped: asyncio.Task[bool]) -> None:
        pending: set[asyncio.Future[None] | asyncio.Task[bool] | asyncio.Task[None]]
        pending = {started, stopped, *self._tasks.values()}
        try:
            while stopped in pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()  # raises what ended it
        finally:
            for each in (started, stopped):
                each.cancel()
            await asyncio.gather(started, stopped, return_exceptions=True)

    def _remember(self) -> None:
        leftovers.remember(self._home, {p.name: p.pid for p in self.processes.values() if p.pid is not None})

    async def _stop_all(self) -> None:
        named = {name for names, _ in STOP_ORDER for name in names}
        first = tuple(name for name in self.processes if name not in named)
        for names, patience in ((first, 4.0), *STOP_ORDER):
            await self._stop([self.processes[name] for name in names if name in self.processes], patience)
        (self._home / "run" / "processes.json").unlink(missing_ok=True)

    async def _stop(self, processes: list[Process], patience: float) -> None:
        tasks = [self._tasks[each.name] for each in processes if each.name in self._tasks]
        if not tasks:
            return
        for each in processes:
            each.stop()
            if each.pid is None:  # it sleeps before its next start
                self._tasks[each.name].cancel()
        _, late = await asyncio.wait(tasks, timeout=patience)
        for each in processes:
            if self._tasks[each.name] in late:
                each.kill()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
