"""`python -m origin` as a process of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[3]
SECONDS = 60


class Process:
    """Origin on a port of its own."""

    def __init__(self, home: Path, port: int, database_url: str = "", **settings: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        environ = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CLICKHOUSE_URL"}}
        environ |= {
            "NEARHOP_HOME": str(home),
            "NEARHOP_ORIGIN_PORT": str(port),
            "NEARHOP_DATABASE_URL": database_url,
            "PYTHONPATH": str(ROOT),
            **settings,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "origin"],
            env=environ,
            cwd=home.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> "Process":
        end = time.monotonic() + SECONDS
        while True:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=10).status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            assert self._process.poll() is None, self._process.communicate()
            assert time.monotonic() < end
            time.sleep(0.1)

    def wait(self) -> tuple[int, str, str]:
        """Its exit code, and all that it wrote to stdout and stderr."""
        out, err = self._process.communicate(timeout=SECONDS)
        return self._process.returncode, out, err

    def end(self) -> tuple[int, str, str]:
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
