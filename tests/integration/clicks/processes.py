"""Processes of the fault run: started, killed with -9 at any moment, started again."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[3]
_START_SECONDS = 90.0
_STOP_SECONDS = 30.0
_OURS = ("NEARHOP_", "DATABASE_URL", "CLICKHOUSE_URL")


class Child:
    """A server process; `url` answers once it is up."""

    def __init__(self, arguments: list[str], url: str, log: Path, environ: Mapping[str, str]) -> None:
        self.url = url
        self.kills = 0
        self._arguments = arguments
        self._log = log
        others = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        self._environ = {**others, **environ}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Return once it answers; raises TimeoutError with its last lines."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._arguments, cwd=ROOT, env=self._environ, stdout=log, stderr=log
            )
        end = time.monotonic() + _START_SECONDS
        async with httpx.AsyncClient(timeout=2) as client:
            while not await self._answers(client):
                if time.monotonic() > end or self._process.returncode is not None:
                    raise TimeoutError(f"{self._arguments} did not come up:\n{self.last_lines()}")
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """Kill -9."""
        assert self._process is not None
        assert self._process.returncode is None, f"{self._arguments} ended by itself:\n{self.last_lines()}"
        await self._end(signal.SIGKILL)
        self.kills += 1

    async def stop(self) -> None:
        """End it in order, if it runs."""
        if self._process is None or self._process.returncode is not None:
            return
        try:
            await asyncio.wait_for(self._end(signal.SIGTERM), _STOP_SECONDS)
        except TimeoutError:
            await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> None:
        """Signal it, unless it is gone already, and wait for its end."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        await self._process.wait()

    def last_lines(self) -> str:
        """The end of what it printed."""
        return self._log.read_text(errors="replace")[-3000:]

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(self.url)).is_success
        except httpx.TransportError:
            return False


def origin(home: Path, port: int, log: Path, environ: Mapping[str, str]) -> Child:
    """An origin process, the drain in it, and ClickHouse too unless a URL is set."""
    home.mkdir(parents=True, exist_ok=True)
    own = {"NEARHOP_HOME": str(home), "NEARHOP_ORIGIN_PORT": str(port), **environ}
    return Child(["-m", "origin"], f"http://127.0.0.1:{port}/healthz", log, own)


def clickhouse_server(folder: Path, port: int, log: Path) -> Child:
    """A ClickHouse of its own process, as far as the shim is one."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["-m", "tests.integration.clicks.shim_process", str(folder), str(port)]
    return Child(arguments, f"http://127.0.0.1:{port}/?query=SELECT%201", log, {})
