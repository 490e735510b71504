import os
from pathlib import Path

import pytest

from origin.safety.blocklist import MOST_BYTES, Blocklist
from origin.safety.web_address import read

TEXT = """# what we have seen
bad.example
0.0.0.0 from-a-hosts-file.example  # and why
https://good.example/users/mallory/
good.example/one?id=7
not a host at all/\\/
"""


def lists(blocklist: Blocklist, url: str) -> bool:
    address = read(url)
    assert address is not None
    return blocklist.has(address)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "blocklist.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


async def test_hosts_stand_for_names_below_them_and_urls_for_what_begins_so(file: Path) -> None:
    blocklist = Blocklist(file)
    await blocklist.load()
    for url in (
        "https://bad.example", "http://www.BAD.example:8443/x", "https://u:p@bad.example./", "https://from-a-hosts-file.example/",
        "http://good.example/users/mallory/page", "https://good.example/users/x/../mallory/%70age", "https://good.example/one?id=77",
    ):  # fmt: skip
        assert lists(blocklist, url), url
    for url in (
        "https://notbad.example/", "https://good.example/users/alice/", "https://good.example/one",
        "https://www.good.example/users/mallory/", "https://example/",
    ):  # fmt: skip
        assert not lists(blocklist, url), url


async def test_a_file_that_changes_is_read_again_and_one_that_is_gone_leaves_the_list(file: Path) -> None:
    blocklist = Blocklist(file)
    await blocklist.load()
    change(file, "other.example\n")
    await blocklist.load()
    assert lists(blocklist, "https://other.example/")
    assert not lists(blocklist, "https://bad.example/")
    change(file, None)
    await blocklist.load()
    assert lists(blocklist, "https://other.example/")


def change(file: Path, text: str | None) -> None:
    if text is None:
        file.unlink()
    else:
        file.write_text(text, encoding="utf-8")
        os.utime(file, ns=(1, 1))


async def test_a_file_that_is_too_large_is_not_read(file: Path) -> None:
    with file.open("ab") as end:
        end.truncate(MOST_BYTES + 1)
    blocklist = Blocklist(file)
    await blocklist.load()
    assert not lists(blocklist, "https://bad.example/")


async def test_without_a_file_nothing_is_listed() -> None:
    blocklist = Blocklist(None)
    await blocklist.refresh()
    assert not lists(blocklist, "https://bad.example/")
