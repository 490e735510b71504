"""The local home: one set of secrets however many start at once, readable by their owner alone."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared.home import embedded_database_url, local_secrets, socket_folder, write_private


def test_starters_at_the_same_time_agree_on_the_secrets(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: local_secrets(tmp_path / "home"), range(32)))
    assert all(each == found[0] for each in found)
    assert len(set(found[0].values())) == 3
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secrets.json"]


def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, "one")
    write_private(path, "two")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("two", 0o600)


def test_a_socket_folder_that_would_be_too_long_moves_to_the_temporary_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 90)
    assert socket_folder(tmp_path / "a").name == "run" or len(str(tmp_path)) > 70
    assert len(str(socket_folder(deep))) < 80
    assert socket_folder(deep) == socket_folder(deep)
    assert str(socket_folder(deep)) in embedded_database_url(deep)
