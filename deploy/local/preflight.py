"""What must be true before anything starts, each said in one sentence that tells what to do."""

import errno
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from deploy.local.errors import CannotStart
from deploy.local.settings import LocalSettings

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20


def check(settings: LocalSettings) -> None:
    """Raise CannotStart for the first thing that stands in the way."""
    check_python(sys.version_info[:2])
    check_node(shutil.which("node"))
    check_home(settings.home)
    check_ports(settings.host, settings.ports())


def check_python(version: tuple[int, int]) -> None:
    if version < OLDEST_PYTHON:
        raise CannotStart(f"Python {version[0]}.{version[1]} is too old: install 3.11 or newer, then `make clean run`.")


def check_node(node: str | None) -> None:
    if node is None:
        raise CannotStart("Node.js was not found: install version 20 or newer, it runs the edge on this machine.")
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False)
    major = answer.stdout.strip().removeprefix("v").partition(".")[0]
    if not major.isdecimal() or int(major) < OLDEST_NODE:
        found = answer.stdout.strip() or "of unknown version"
        raise CannotStart(f"Node.js {found} is too old: install version 20 or newer, it runs the edge on this machine.")


def check_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(f"NEARHOP_HOME ({home}) cannot be written: {error.strerror}.") from error


def check_ports(host: str, ports: dict[str, int]) -> None:
    taken: dict[int, str] = {}
    for name, port in ports.items():
        if port in taken:
            raise CannotStart(f"{_variable(name)} and {_variable(taken[port])} are both {port}: give one another port.")
        taken[port] = name
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                what = f"Port {port} is taken: stop what listens there, or set {_variable(name)} to a free port."
                raise CannotStart(what) from error
            raise CannotStart(f"Port {port} of {host} cannot be opened: {error.strerror}.") from error


def _variable(name: str) -> str:
    return f"NEARHOP_{name.upper()}"
