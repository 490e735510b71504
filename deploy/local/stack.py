"""A whole Nearhop of one's own, started as `make run` does but on free ports: for the demo, the tests and the benchmarks."""

import dataclasses
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from deploy.local.errors import CannotStart
from deploy.local.families import family, wait_for_end
from deploy.local.leftovers import read_pids
from deploy.local.settings import LocalSettings
from deploy.local.welcome import read_credentials

ROOT = Path(__file__).resolve().parents[2]
_READY = re.compile(r"Nearhop is ready \(([\d.]+) s\)")
_STOP_PATIENCE_SECONDS = 15.0


class Stack:
    """Use as a context manager; `url(name)` and `credentials` say where things are. Stops all at the end."""

    def __init__(self, home: Path, environ: Mapping[str, str] | None = None, timeout: float = 180.0) -> None:
        self.home = home
        self.settings = dataclasses.replace(LocalSettings(home=home), **free_ports())
        self.lines: list[str] = []
        self.seconds_to_ready = 0.0
        self._environ = {**os.environ, **(environ or {}), **self._own_environ()}
        self._timeout = timeout
        self._child: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._arrived: queue.Queue[str | None] = queue.Queue()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def credentials(self) -> dict[str, str]:
        """E-mail, password, API key and workspace of the local owner."""
        return read_credentials(self.home)

    def url(self, name: str) -> str:
        """Where a process listens: edge, origin, dashboard, landing, kvsync or kv_api."""
        return self.settings.url(name)

    def environ(self) -> dict[str, str]:
        """What a command needs to speak to this Nearhop."""
        return dict(self._environ)

    def start(self) -> None:
        """Return once all is ready; raises CannotStart with the last lines where it doesn't come up."""
        self._child = subprocess.Popen(
            [sys.executable, "-m", "deploy.local"],
            cwd=ROOT,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, args=(self._child,), daemon=True)
        self._reader.start()
        deadline = time.monotonic() + self._timeout
        while not self.seconds_to_ready:
            try:
                line = self._arrived.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.stop()
                raise CannotStart("Nearhop did not come up:\n" + "\n".join(self.lines[-40:]))
            if found := _READY.search(line):
                self.seconds_to_ready = float(found[1])

    def stop(self) -> int:
        """End all as Ctrl-C does; returns the exit code."""
        if self._child is None:
            return 0
        self._child.send_signal(signal.SIGINT)
        try:
            return self._child.wait(_STOP_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            raise
        finally:
            self._forget()

    def kill(self, name: str | None = None) -> None:
        """Kill -9 one process of the Procfile, or, without a name, the supervisor and every process.

        Returns once they have ended, with what they had started: until then they still listen, and even answer.
        """
        pids = self.pids()
        killed = [pids[name]] if name else list(pids.values())
        families = [each for pid in killed for each in family(pid)]
        if name is None and self._child is not None:
            self._child.kill()
            self._child.wait()
        for pid in killed:
            os.killpg(pid, signal.SIGKILL)
        wait_for_end(families, _STOP_PATIENCE_SECONDS)
        if name is None:
            self._forget()

    def pids(self) -> dict[str, int]:
        """Each running process's pid, by its name in the Procfile."""
        return read_pids(self.home)

    def _forget(self) -> None:
        """Wait for the last lines; a later start begins with none."""
        if self._reader is not None:
            self._reader.join(_STOP_PATIENCE_SECONDS)
        self._child, self._reader, self.seconds_to_ready = None, None, 0.0
        self._arrived = queue.Queue()

    def _own_environ(self) -> dict[str, str]:
        ports = {f"NEARHOP_{name.upper()}": str(port) for name, port in self.settings.ports().items()}
        return {**ports, "NEARHOP_HOME": str(self.home), "NO_COLOR": "1"}

    def _read(self, child: "subprocess.Popen[str]") -> None:
        assert child.stdout is not None
        with child.stdout:
            for line in child.stdout:
                self.lines.append(line.rstrip("\n"))
                self._arrived.put(line)
        self._arrived.put(None)


def free_ports() -> dict[str, Any]:
    """A free port for each of a start's ports; all are held open until the last is found, so they differ."""
    names = list(LocalSettings().ports())
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: each.getsockname()[1] for name, each in zip(names, sockets, strict=True)}
    for each in sockets:
        each.close()
    return ports
