"""The command line itself: where it takes its account from, how it ends, what it prints."""

import json
import stat
from pathlib import Path

import pytest

from cli.config import Account, account, address, store
from cli.errors import NotLoggedIn, UsageError
from cli.main import run
from cli.naming import _parts
from cli.settings import Settings, config_file, state_folder
from cli.stats import sparkline


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration of the machine or the checkout reaches these tests."""
    for name in ("NEARHOP_URL", "NEARHOP_API_KEY", "NEARHOP_CONFIG", "NEARHOP_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def local(home: Path) -> None:
    home.mkdir()
    (home / "credentials.json").write_text(json.dumps({"email": "e", "password": "p", "api_key": "nh_local"}))


def test_a_local_installation_is_used_by_itself(tmp_path: Path) -> None:
    local(tmp_path / ".nearhop")
    assert account(Settings()) == Account("http://127.0.0.1:8000", "nh_local")
    assert account(Settings(url="http://localhost:9")) == Account("http://localhost:9", "nh_local")


def test_its_key_is_sent_to_no_other_machine(tmp_path: Path) -> None:
    local(tmp_path / ".nearhop")
    with pytest.raises(NotLoggedIn, match=r"https://links\.example\.com"):
        account(Settings(url="https://links.example.com"))


def test_a_stored_key_is_sent_only_where_it_belongs() -> None:
    store(Settings(), Account("https://a.test", "nh_stored"))
    assert account(Settings()) == Account("https://a.test", "nh_stored")
    assert account(Settings(url="https://a.test/api/v1/")) == Account("https://a.test", "nh_stored")
    assert account(Settings(url="https://b.test", api_key="nh_own")) == Account("https://b.test", "nh_own")
    with pytest.raises(NotLoggedIn):
        account(Settings(url="https://b.test"))


def test_the_configuration_can_be_read_by_its_user_alone() -> None:
    path = store(Settings(), Account("https://a.test", "nh_stored"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_folders_follow_the_xdg_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_file(Settings()) == tmp_path / "config" / "nearhop" / "config.json"
    assert config_file(Settings(config="here.json")) == Path("here.json")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "nearhop"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("links.example.com", "https://links.example.com"),
        ("http://h:8000/", "http://h:8000"),
        ("http://h/sub/api/v1", "http://h/sub"),
        ("", ""),
    ],
)
def test_addresses_as_people_write_them(given: str, found: str) -> None:
    assert address(given) == found


@pytest.mark.parametrize("given", ["ftp://a.test", "https://", "http:///x"])
def test_other_things_are_no_address(given: str) -> None:
    with pytest.raises(UsageError):
        address(given)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("abc", ("", "abc")),
        ("go.test/abc", ("go.test", "abc")),
        ("localhost:8787/abc", ("localhost", "abc")),
        ("https://go.test/%C3%A9t%C3%A9", ("go.test", "été")),
        ("http://localhost:8787/😀?x=1", ("localhost", "😀")),
    ],
)
def test_links_can_be_named_as_people_copy_them(name: str, parts: tuple[str, str]) -> None:
    assert _parts(name) == parts


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["links", "list"], 2, "nearhop login"),
        (["nope"], 2, "No such command"),
        (["links", "create"], 2, "Missing argument"),
        (["links", "import", "none.txt"], 2, "none.txt can't be read: No such file"),
        (["login", "--url", "ftp://x", "--api-key", "k"], 2, "is not the address of a Nearhop"),
        (["links", "import", "--format", "xml", "x"], 2, "xml"),
    ],
)
def test_errors_are_a_sentence_and_an_exit_code(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == code
    shown = capsys.readouterr()
    assert said in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_nothing_listening_is_exit_code_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("NEARHOP_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("NEARHOP_API_KEY", "nh_x")
    assert run(["links", "list"]) == 3
    assert "does not answer at http://127.0.0.1:1" in capsys.readouterr().err


def test_a_damaged_configuration_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config_file(Settings()).parent.mkdir(parents=True)
    config_file(Settings()).write_text("{")
    assert run(["links", "list"]) == 2
    assert "delete it and run `nearhop login`" in capsys.readouterr().err


def test_logout_forgets_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    path = store(Settings(), Account("https://a.test", "nh_stored"))
    assert run(["logout"]) == 0
    assert not path.exists()
    assert run(["logout"]) == 0
    assert "You were not logged in" in capsys.readouterr().err


def test_help_is_shown_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["--help"], ["links", "--help"], ["links", "import", "--help"], ["stats", "--help"]):
        assert run(command) == 0
        assert "Usage: nearhop" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "width", "drawn"),
    [
        ([0, 1, 4, 8], 10, " ▁▄█"),
        ([1, 1, 1, 1], 2, "██"),
        ([0, 0], 5, "  "),
        ([], 5, ""),
        ([1, 1000], 5, "▁█"),
    ],
)
def test_sparkline(values: list[int], width: int, drawn: str) -> None:
    assert sparkline(values, width) == drawn
