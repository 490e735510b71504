import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.conftest import ROOT, Nearhop, OriginProcess, User

# So many that an import can't be through before it is cut off, however long the first look at it takes.
CUT_OFF = 6_000


def write_urls(path: Path, count: int) -> list[str]:
    urls = [f"https://example.com/page/{n}?q=ü&x=a%20b#part-{n}" for n in range(count)]
    path.write_text("\n".join(urls) + "\n", encoding="utf-8")
    return urls


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def all_links(user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := user.api.get("/links", params={"page": len(found) // 100 + 1}).raise_for_status().json():
        found += page
        if len(page) < 100:
            break
    return found


def summary(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


def test_every_url_becomes_a_link_to_exactly_it(nearhop: Nearhop, user: User, tmp_path: Path) -> None:
    urls = write_urls(tmp_path / "urls.txt", 230)
    done = nearhop("links", "import", "urls.txt")
    assert (done.code, done.out) == (0, "230 lines: 230 links made, 0 were there already, 0 repeated, 0 refused\n")
    assert sorted(link["url"] for link in all_links(user)) == sorted(urls)
    assert list((tmp_path / "state").rglob("*.jsonl")) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state", "urls.txt"]


def test_a_second_run_and_a_longer_file_make_only_what_is_new(nearhop: Nearhop, user: User, tmp_path: Path) -> None:
    write_urls(tmp_path / "urls.txt", 120)
    assert nearhop("links", "import", "urls.txt").code == 0
    again = summary(nearhop("links", "import", "urls.txt", "--json").out)
    assert (again["created"], again["existing"]) == (0, 120)
    write_urls(tmp_path / "longer.txt", 130)
    longer = summary(nearhop("links", "import", "longer.txt", "--json").out)
    assert (longer["created"], longer["existing"]) == (10, 120)
    assert len(all_links(user)) == 130


def test_a_deleted_link_is_made_again(nearhop: Nearhop, user: User, tmp_path: Path) -> None:
    write_urls(tmp_path / "urls.txt", 3)
    nearhop("links", "import", "urls.txt")
    assert nearhop("links", "delete", all_links(user)[0]["key"], "-y").code == 0
    again = summary(nearhop("links", "import", "urls.txt", "--json").out)
    assert (again["created"], again["existing"]) == (1, 2)


def test_what_is_refused_is_reported_with_its_line_and_can_be_put_right(
    nearhop: Nearhop, user: User, tmp_path: Path
) -> None:
    (tmp_path / "mixed.csv").write_text(
        "url,key,title\n"
        "https://example.com/1,one,First\n"
        "javascript:alert(1),two,\n"
        "https://example.com/3,a//b,\n"
        "https://example.com/4,one,\n"
        ",five,\n"
        "https://example.com/1,one,the same\n"
        f"https://example.com/{'x' * 40_000},seven,\n"
        "https://example.com/8,,\n"
    )
    done = nearhop("links", "import", "mixed.csv")
    assert done.code == 1
    assert "8 lines: 2 links made, 0 were there already, 1 repeated, 5 refused" in done.out
    report = tmp_path / "mixed.csv.refused.csv"
    assert str(report.name) in done.err
    rows = read_csv(report)
    assert [int(row["line"]) for row in rows] == [3, 4, 5, 6, 8]
    assert all(row["reason"] for row in rows)
    assert "may have no segment that is empty" in rows[1]["reason"]
    assert rows[3]["reason"] == "there is no url"

    report.write_text("url,key\nhttps://example.com/3,ab\n")
    assert nearhop("links", "import", str(report)).code == 0
    assert {link["key"] for link in all_links(user)} >= {"one", "ab"}


def test_a_second_run_knows_its_links_by_their_codes_too(nearhop: Nearhop, user: User, tmp_path: Path) -> None:
    (tmp_path / "keys.jsonl").write_text(
        '{"url": "https://example.com/1", "key": "one-1"}\n{"url": "https://example.com/2", "externalId": "mine"}\n'
    )
    assert nearhop("links", "import", "keys.jsonl").code == 0
    again = summary(nearhop("links", "import", "keys.jsonl", "--json").out)
    assert (again["created"], again["existing"], again["refused"]) == (0, 2, 0)
    assert {link["externalId"] for link in all_links(user)} >= {"mine"}


def test_the_output_names_the_short_link_of_every_line(nearhop: Nearhop, user: User, tmp_path: Path) -> None:
    urls = write_urls(tmp_path / "urls.txt", 3)
    (tmp_path / "urls.txt").write_text("\n".join([*urls, urls[0]]))
    for _ in range(2):
        assert nearhop("links", "import", "urls.txt", "--output", "out.csv").code == 0
        rows = read_csv(tmp_path / "out.csv")
        short = {link["url"]: link["shortLink"] for link in all_links(user)}
        assert [(row["url"], row["shortLink"]) for row in rows] == [(url, short[url]) for url in [*urls, urls[0]]]


def test_stdin_is_read_too(nearhop: Nearhop, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"https://example.com/from-stdin\n\xff\n")))
    done = nearhop("links", "import", "-")
    assert done.code == 1
    assert "line 2: this is not UTF-8" in done.err
    assert "stdin.refused.csv" in done.err
    assert [link["url"] for link in all_links(user)] == ["https://example.com/from-stdin"]


def test_a_wrong_key_ends_the_import_at_once(nearhop: Nearhop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_urls(tmp_path / "urls.txt", 3)
    monkeypatch.setenv("NEARHOP_API_KEY", "nh_wrong")
    done = nearhop("links", "import", "urls.txt")
    assert (done.code, "nearhop login" in done.err) == (2, True)


def start_import(file: str) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cli.main", "links", "import", file, "--json"]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE)


def wait_for_links(user: User, count: int) -> None:
    while user.api.get("/links/count").json() < count:
        time.sleep(0.005)


@pytest.mark.usefixtures("nearhop")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_was_cut_off_goes_on_and_makes_nothing_twice(
    user: User, tmp_path: Path, number: signal.Signals
) -> None:
    urls = write_urls(tmp_path / "urls.txt", CUT_OFF)
    first = start_import("urls.txt")
    wait_for_links(user, 200)
    first.send_signal(number)
    first.communicate()
    assert first.returncode == (130 if number is signal.SIGINT else -9)
    assert len(all_links(user)) < CUT_OFF

    second = start_import("urls.txt")
    found = summary(second.communicate()[0].decode())
    assert second.returncode == 0
    assert found["resumed"] >= 100
    assert found["created"] + found["existing"] == CUT_OFF
    assert sorted(link["url"] for link in all_links(user)) == sorted(urls)


@pytest.mark.usefixtures("nearhop")
def test_an_import_lives_through_the_death_of_origin(origin: OriginProcess, user: User, tmp_path: Path) -> None:
    urls = write_urls(tmp_path / "urls.txt", 1500)
    importing = start_import("urls.txt")
    wait_for_links(user, 200)
    origin.kill()
    origin.start()
    found = summary(importing.communicate()[0].decode())
    assert (importing.returncode, found["created"], found["existing"]) == (0, 1500, 0)
    assert sorted(link["url"] for link in all_links(user)) == sorted(urls)
