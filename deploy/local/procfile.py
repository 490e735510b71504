"""The Procfile: a line a process, `name: command`."""

import shlex
from pathlib import Path

from deploy.local.errors import CannotStart


def read_procfile(path: Path) -> dict[str, list[str]]:
    """Each process's command, split as a shell would; raises CannotStart for a line that is not `name: command`."""
    commands: dict[str, list[str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, command = (part.strip() for part in line.partition(":"))
        if not (name and colon and command):
            raise CannotStart(f"{path} line {number} is not of the form `name: command`.")
        if name in commands:
            raise CannotStart(f"{path} line {number} names {name} a second time.")
        commands[name] = shlex.split(command)
    if not commands:
        raise CannotStart(f"{path} names no process.")
    return commands
