"""Every command that the documentation shows is run here, in the order it is shown, on a whole Nearhop."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import ROOT, Stack

pytestmark = pytest.mark.stack

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
# These start a Nearhop, the tests, or a deployment: that make knows them is checked here, what they do has tests of its own.
MAKE = re.compile(r"^make (\w[\w-]*)")


def commands(page: Path) -> Iterator[str]:
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        text = block.replace("\\\n", " ")
        for line in text.splitlines():
            command = re.sub(r"(^|\s)#.*$", "", line).strip().removeprefix("$ ")
            if command:
                yield command


def pages_with_commands() -> list[Path]:
    return [page for page in PAGES if any(commands(page))]


@pytest.mark.parametrize("page", pages_with_commands(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_on_a_page_does_its_work(stack: Stack, page: Path, tmp_path: Path) -> None:
    environ = {
        **stack.environ(),
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "NEARHOP_URL": stack.url("origin"),
        "NEARHOP_CONFIG": str(tmp_path / "cli.json"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "COLUMNS": "120",
    }
    for command in commands(page):
        if target := MAKE.match(command):
            command = f"make --dry-run {target[1]}"  # noqa: PLW2901  # what is run in its place
        done = subprocess.run(
            command, shell=True, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"{page.name}: {command}\n{done.stdout}{done.stderr}"
