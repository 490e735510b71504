"""One process of the Procfile: started, its lines passed on under its name, started again with backoff, stopped."""

import asyncio
import contextlib
import ctypes
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial

from deploy.local.errors import CannotStayUp

# A process that has been up for this long has recovered: its earlier deaths are forgotten.
STEADY_SECONDS = 30.0
MOST_DEATHS = 6
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0
_PR_SET_PDEATHSIG = 1
_LONGEST_LINE = 1 << 20

Say = Callable[[str, str], None]


class Process:
    """A command that is kept up until it is stopped. `say(name, line)` takes what it prints."""

    def __init__(self, name: str, command: list[str], environ: Mapping[str, str], say: Say) -> None:
        self.name = name
        self.pid: int | None = None
        self.not_needed = False
        self._command = command
        self._environ = environ
        self._say = say
        self._stopping = False

    async def keep_up(self, on_start: Callable[[], None]) -> None:
        """Run until stopped or until it exits with 0; raises CannotStayUp when it dies too often."""
        deaths = 0
        while not self._stopping:
            began = time.monotonic()
            code = await self._run_once(on_start)
            if self._stopping:
                return
            if code == 0:
                self.not_needed = True
                return
            deaths = 1 if time.monotonic() - began > STEADY_SECONDS else deaths + 1
            if deaths >= MOST_DEATHS:
                raise CannotStayUp(f"{self.name} ended {deaths} times in a row, the last time with {_how(code)}.")
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (deaths - 1)) * random.uniform(0.8, 1.2)  # noqa: S311  # jitter
            self._say("nearhop", f"{self.name} ended with {_how(code)}; starting it again in {pause:.1f} s")
            await asyncio.sleep(pause)

    def stop(self) -> None:
        """Ask it to end, and don't start it again."""
        self._stopping = True
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and all that it started, at once."""
        self._stopping = True
        self._signal(signal.SIGKILL)

    async def _run_once(self, on_start: Callable[[], None]) -> int:
        child = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(self._environ),
            limit=_LONGEST_LINE,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops all in order
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        self.pid = child.pid
        on_start()
        assert child.stdout is not None
        try:
            await self._pass_on(child.stdout)
            return await child.wait()
        finally:
            self.pid = None

    async def _pass_on(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await stream.readuntil()
            except asyncio.IncompleteReadError as rest:
                if rest.partial:
                    self._say(self.name, rest.partial.decode(errors="replace"))
                return
            except asyncio.LimitOverrunError:
                line = await stream.read(_LONGEST_LINE)
            self._say(self.name, line.decode(errors="replace").rstrip("\n"))

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None:
            send = partial(os.killpg, self.pid) if number is signal.SIGKILL else partial(os.kill, self.pid)
            with contextlib.suppress(ProcessLookupError):
                send(number)


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def _end_with_parent() -> None:
    """Runs in the child: when the supervisor is killed, the kernel asks this process to end as well."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
