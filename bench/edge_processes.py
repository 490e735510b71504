"""The processes of the edge's benchmarks: an edge with ports and a home of its own, and what it talks to."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def edge_environment(edge: int, kv: int, origin: int, **settings: str) -> Iterator[dict[str, str]]:
    """What an edge on these ports is started with, and what else shall be set."""
    with tempfile.TemporaryDirectory() as home:
        yield {
            **os.environ,
            "NEARHOP_HOME": home,
            "NEARHOP_EDGE_PORT": str(edge),
            "NEARHOP_KV_API_PORT": str(kv),
            "NEARHOP_ORIGIN_URL": f"http://127.0.0.1:{origin}",
            **settings,
        }


@contextmanager
def node(environment: Mapping[str, str], script: Path, *arguments: str, ready: str = "ready") -> Iterator[int]:
    """A script that prints a line with `ready` in it: its process id. It is killed in the end, and workerd with it."""
    with subprocess.Popen(
        ["node", str(script), *arguments],
        cwd=environment["NEARHOP_HOME"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            while ready not in (line := process.stdout.readline()):
                if not line:
                    raise SystemExit(f"{script.name} did not start; see above.")
            yield process.pid
        finally:
            with suppress(ProcessLookupError):  # it is gone already
                os.killpg(process.pid, signal.SIGKILL)
