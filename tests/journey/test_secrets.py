"""Where secrets must not be: a whole Nearhop is used with secrets that are known, and all that it wrote is searched for them.

Two files are there to hold some (the home's own secrets and the local owner's credentials), and a letter has to hold its
token, so the mailbox is where letters are. Nothing else may hold any: no log, no column of Postgres or ClickHouse, no file.
"""

import base64
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.home import CREDENTIALS_FILE, SECRETS_FILE
from tests.journey.secret_run import MARKER, Run, used_nearhop

pytestmark = pytest.mark.stack

MAILBOX = "mail"
HOLDERS = {SECRETS_FILE, CREDENTIALS_FILE}
# The words on the terminal of who starts a Nearhop of their own.
_WELCOME = re.compile(r"  (Password|API key) ")
_LARGEST_FILE = 512 * 1024 * 1024
_CLICKHOUSE_DUMP = """
import sys
from chdb.session import Session
session = Session(sys.argv[1])
tables = session.query("SELECT name FROM system.tables WHERE database = 'nearhop' AND engine LIKE '%MergeTree'", "TSV")
for table in str(tables).split():
    print(table, session.query(f"SELECT * FROM nearhop.`{table}`", "JSONEachRow"))
"""


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with used_nearhop(tmp_path_factory.mktemp("secrets") / "home") as run:
        yield run


def _shapes(secret: str) -> set[bytes]:
    """What a secret looks like as it is, quoted for URLs and JSON, and as the hex and base64 of its bytes."""
    raw = secret.encode()
    texts = {secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret), raw.hex()}
    encoded = base64.b64encode(raw).rstrip(b"=")
    return {*(text.encode() for text in texts), encoded, encoded.replace(b"+", b"-").replace(b"/", b"_")}


def found_in(place: bytes, secrets: dict[str, str]) -> list[str]:
    return [name for name, secret in secrets.items() if any(shape in place for shape in _shapes(secret))]


def files_of(home: Path) -> Iterator[Path]:
    """Every file but those that are there to hold secrets, and letters."""
    for path in home.rglob("*"):
        held = path.name in HOLDERS or path.relative_to(home).parts[0] == MAILBOX
        if path.is_file() and not held and path.stat().st_size < _LARGEST_FILE:
            yield path


def test_no_answer_to_a_wrong_call_repeats_a_secret(used: Run) -> None:
    assert len(used.answers) > 40, "too few wrong calls were made"
    assert [found for each in used.answers if (found := found_in(each, used.secrets))] == []


def test_no_log_holds_a_secret(used: Run) -> None:
    log = "\n".join(line for line in used.stack.lines if not _WELCOME.match(line)).encode()
    assert found_in(log, used.secrets) == []
    assert b"/api/v1/auth/login" in log, "the log was not searched"


def test_no_column_of_postgres_holds_a_secret(used: Run) -> None:
    dump = used.dump.encode()
    assert found_in(dump, used.secrets) == []
    assert MARKER.encode() in dump


def test_no_column_of_clickhouse_holds_a_secret(used: Run) -> None:
    folder = used.stack.home / "clickhouse"
    command = [sys.executable, "-c", _CLICKHOUSE_DUMP, str(folder)]
    dump = subprocess.run(command, capture_output=True, timeout=120, check=True).stdout
    assert found_in(dump, used.secrets) == []
    assert b"clicks" in dump


def test_no_file_but_those_that_are_meant_to_holds_a_secret(used: Run) -> None:
    found = {
        str(path): names for path in files_of(used.stack.home) if (names := found_in(path.read_bytes(), used.secrets))
    }
    assert found == {}
    assert any(MARKER.encode() in path.read_bytes() for path in files_of(used.stack.home))


def test_a_letter_holds_its_own_token_and_no_other_secret(used: Run) -> None:
    letters = b"\n".join(path.read_bytes() for path in (used.stack.home / MAILBOX).rglob("*") if path.is_file())
    unfolded = letters.replace(b"=\n", b"")  # quoted-printable breaks long lines
    invitations = {"accepted_invitation", "registered_invitation", "revoked_invitation"}
    assert set(found_in(unfolded, used.secrets)) == {"register_token", "reset_token", "email_token", *invitations}


def test_what_holds_secrets_is_for_its_owner_alone(used: Run) -> None:
    modes = {name: (used.stack.home / name).stat().st_mode & 0o777 for name in HOLDERS}
    assert modes == dict.fromkeys(HOLDERS, 0o600)
