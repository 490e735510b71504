"""The Procfile's form."""

from pathlib import Path

import pytest

from deploy.local.errors import CannotStart
from deploy.local.procfile import read_procfile

ROOT = Path(__file__).parents[3]


def test_a_line_is_a_name_and_its_command(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text("# a comment\n\nweb: serve --title 'two words'\nworker:work\n")
    assert read_procfile(file) == {"web": ["serve", "--title", "two words"], "worker": ["work"]}


@pytest.mark.parametrize("text", ["", "web", "web:", ": serve", "web: a\nweb: b"])
def test_a_broken_procfile_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "Procfile"
    file.write_text(text)
    with pytest.raises(CannotStart):
        read_procfile(file)


def test_the_projects_own_procfile_starts_every_service() -> None:
    assert set(read_procfile(ROOT / "Procfile")) == {
        "postgres",
        "origin",
        "jobs",
        "edge",
        "kvsync",
        "dashboard",
        "landing",
    }
