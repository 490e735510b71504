"""What the fault run does with processes that are gone before they are told to go."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from unittest import mock

from tests.integration.clicks.processes import Child


class Sleeper(Child):
    """A process that answers nobody, and of whose end nobody has heard yet."""

    async def start(self) -> None:
        made = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
        os.kill(made.pid, signal.SIGKILL)
        await made.wait()
        self._process = mock.Mock(wraps=made, returncode=None)


async def test_a_child_that_is_gone_already_is_stopped_and_killed(tmp_path: Path) -> None:
    child = Sleeper([], "", tmp_path / "log", {})
    await child.start()
    await child.stop()
    await child.kill()
    assert child.kills == 1
