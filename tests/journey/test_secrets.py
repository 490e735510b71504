"""Where secrets must not be: a whole Nearhop is used with secrets that are known, and all that it wrote is searched for them.

Two files are there to hold some (the home's own secrets and the local owner's credentials), and a letter has to hold its
token, so the mailbox is where letters are. Nothing else may hold any: no log, no column of Postgres or ClickHouse, no file.
"""

import asyncio
import base64
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pyotp
import pytest
from psycopg import sql

from deploy.local.stack import Stack
from shared.home import CREDENTIALS_FILE, SECRETS_FILE, embedded_database_url, local_secrets
from tests.authenticator import Authenticator
from tests.conftest import unused_port
from tests.letters import bearer, last_token, new_email
from tests.oidc_provider import CLIENT_SECRET, real_provider, setting, walk

pytestmark = pytest.mark.stack

MAILBOX = "mail"
HOLDERS = {SECRETS_FILE, CREDENTIALS_FILE}
PASSWORD, OTHER_PASSWORD = "a first password, known", "a second password, known"
WRONG_PASSWORD, LINK_PASSWORD = "a wrong password, known", "a password of a link, known"
# What is no secret, and is found: the search itself is put to the test.
MARKER = "a-marker-that-is-no-secret"
# The words on the terminal of who starts a Nearhop of their own.
_WELCOME = re.compile(r"  (Password|API key) ")
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
_LARGEST_FILE = 512 * 1024 * 1024
_CLICKHOUSE_DUMP = """
import sys
from chdb.session import Session
session = Session(sys.argv[1])
tables = session.query("SELECT name FROM system.tables WHERE database = 'nearhop' AND engine LIKE '%MergeTree'", "TSV")
for table in str(tables).split():
    print(table, session.query(f"SELECT * FROM nearhop.`{table}`", "JSONEachRow"))
"""


@dataclass
class Run:
    """A Nearhop in use. `secrets` are those that it was given or gave, by what they are."""

    stack: Stack
    issuer: str
    secrets: dict[str, str] = field(default_factory=dict)
    dump: str = ""  # every row of Postgres

    @property
    def api(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.stack.url('origin')}/api/v1", timeout=30)

    def know(self, **found: str) -> None:
        assert all(len(each) >= 8 for each in found.values()), "too short to be searched for"
        self.secrets |= found

    def mail_token(self, purpose: str, email: str) -> str:
        home = self.stack.home
        return last_token(embedded_database_url(home), local_secrets(home)["secret_key"], purpose, email)


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A Nearhop whose main flows have been gone through, stopped."""
    home, port = tmp_path_factory.mktemp("secrets") / "home", unused_port()
    redirect = f"http://localhost:{port}/login/oidc/acme"  # of no dashboard that listens: the test is the browser
    with real_provider(redirect) as issuer:
        environ = {"NEARHOP_OIDC_PROVIDERS": setting(issuer), "NEARHOP_DASHBOARD_URL": f"http://localhost:{port}"}
        with Stack(home, environ) as stack:
            run = Run(stack, issuer)
            for flow in (_local_owner, _account, _second_factor_and_passkey, _dashboard, _links, _wrong_calls):
                flow(run)
            _provider(run, redirect)
            run.dump = _postgres(embedded_database_url(home))
            _database_down(run)
        yield run


def _local_owner(run: Run) -> None:
    made, credentials = local_secrets(run.stack.home), run.stack.credentials
    run.know(**{name: made[name] for name in ("secret_key", "edge_secret", "kv_api_token")})
    run.know(owner_password=credentials["password"], owner_key=credentials["api_key"], client_secret=CLIENT_SECRET)


def _account(run: Run) -> None:
    email = new_email()
    with run.api as api:
        api.post("/auth/register", json={"email": email, "password": PASSWORD, "name": MARKER}).raise_for_status()
        run.know(register_token=run.mail_token("register", email))
        opened = api.post("/auth/verify", json={"token": run.secrets["register_token"]}).raise_for_status()
        run.know(refresh_token=api.cookies["nearhop_refresh"], access_token=opened.json()["accessToken"])
        assert api.post("/auth/login", json={"email": email, "password": WRONG_PASSWORD}).status_code == 401
        api.post("/auth/refresh").raise_for_status()
        run.know(next_refresh_token=api.cookies["nearhop_refresh"])
        api.post("/auth/forgot-password", json={"email": email}).raise_for_status()
        run.know(reset_token=run.mail_token("reset", email))
        body = {"token": run.secrets["reset_token"], "password": OTHER_PASSWORD}
        api.post("/auth/reset-password", json=body).raise_for_status()
        api.post("/auth/login", json={"email": email, "password": OTHER_PASSWORD}).raise_for_status()
    run.know(password=PASSWORD, other_password=OTHER_PASSWORD, wrong_password=WRONG_PASSWORD)


def _second_factor_and_passkey(run: Run) -> None:
    owner = {name: run.stack.credentials[name] for name in ("email", "password")}
    site = run.stack.environ()["NEARHOP_DASHBOARD_URL"]
    device, proof = Authenticator(site, "localhost"), {"password": owner["password"]}
    with run.api as api:
        api.headers.update(bearer(api.post("/auth/login", json=owner).raise_for_status()))
        options = api.post("/me/passkeys/options", json=proof).raise_for_status().json()
        run.know(passkey_challenge=options["publicKey"]["challenge"])
        api.post("/me/passkeys", json={"credential": device.make(options)}).raise_for_status()
        once = {"Idempotency-Key": "the first secret"}
        factor = api.post("/me/second-factor", json=proof, headers=once).raise_for_status().json()
        run.know(totp_secret=factor["secret"])
        code = {"code": pyotp.TOTP(factor["secret"]).now()}
        codes = api.post("/me/second-factor/confirm", json=code).raise_for_status().json()["recoveryCodes"]
        run.know(recovery_code=codes[0], recovery_code_used=codes[1])
        step = api.post("/auth/login", json=owner).raise_for_status().json()["secondFactor"]["token"]
        run.know(login_step=step)
        assert api.post("/auth/second-factor", json={"token": step, "code": "wrong code here"}).status_code == 401
        api.post("/auth/second-factor", json={"token": step, "code": codes[1]}).raise_for_status()
        asked = api.post("/auth/passkey/options", json={}).raise_for_status().json()
        run.know(passkey_login_challenge=asked["publicKey"]["challenge"])
        api.post("/auth/passkey", json={"credential": device.use(asked)}).raise_for_status()
        off = {**proof, "code": codes[2]}
        api.request("DELETE", "/me/second-factor", json=off).raise_for_status()


def _dashboard(run: Run) -> None:
    """In by the form, as a browser without scripts; a key of one's own, and a form with a wrong password."""
    with httpx.Client(base_url=run.stack.url("dashboard"), timeout=30) as browser:
        for password in (WRONG_PASSWORD, run.secrets["owner_password"]):
            _send(browser, "/login", {"email": run.stack.credentials["email"], "password": password})
        run.know(dashboard_cookie=browser.cookies["nearhop_session"])
        page = _send(browser, "/api-keys", {"name": MARKER}).text
        run.know(dashboard_key=re.findall(r"nh_[\w-]{30,}", page)[0])
        _send(browser, "/security/second-factor", {"password": WRONG_PASSWORD})


def _send(browser: httpx.Client, path: str, fields: dict[str, str]) -> httpx.Response:
    token = _CSRF.search(browser.get(path).text)
    assert token
    return browser.post(path, data={**fields, "csrf_token": token[1]})


def _links(run: Run) -> None:
    with run.api as api:
        api.headers["Authorization"] = f"Bearer {run.secrets['owner_key']}"
        key = api.post("/api-keys", json={"name": "rotated"}, headers={"Idempotency-Key": "a key"}).raise_for_status()
        rotated = api.post(f"/api-keys/{key.json()['id']}/rotate", json={}).raise_for_status().json()
        run.know(key=key.json()["key"], rotated_key=rotated["key"], link_password=LINK_PASSWORD)
        link = {"url": f"https://example.com/{MARKER}", "password": LINK_PASSWORD, "key": "guarded"}
        api.post("/links", json=link).raise_for_status()
    edge = f"{run.stack.url('edge')}/guarded"
    for password in (WRONG_PASSWORD, LINK_PASSWORD):
        httpx.post(edge, data={"password": password}, timeout=30)


def _wrong_calls(run: Run) -> None:
    """Secrets where they do not belong: an answer or a log that repeats what came would give them away."""
    made_up = "nh_made-up-but-secret-all-the-same"
    run.know(made_up_key=made_up)
    with run.api as api:
        for token in (made_up, run.secrets["password"]):
            assert api.get("/links", headers={"Authorization": f"Bearer {token}"}).status_code == 401
        for body in (
            {"email": [PASSWORD], "password": PASSWORD},
            {"email": "ada@example.com", "password": {"is": PASSWORD}},
            {"email": "ada@example.com", "password": PASSWORD, PASSWORD: 1},
        ):
            assert api.post("/auth/login", json=body).status_code == 422
        assert api.post("/auth/login", content=f'{{"password": "{PASSWORD}"').status_code == 400
        api.post("/auth/verify", json={"token": made_up})
        api.post("/auth/refresh", headers={"Cookie": f"nearhop_refresh={made_up}"})


def _provider(run: Run, redirect: str) -> None:
    with run.api as api:
        way = api.post("/auth/oidc/acme/start", json={}).raise_for_status().json()
        back = asyncio.run(walk(way["authorizationUrl"], new_email(), redirect))
        run.know(oidc_state=back["state"], oidc_code=back["code"])
        nonce = urllib.parse.parse_qs(urllib.parse.urlsplit(way["authorizationUrl"]).query)["nonce"][0]
        run.know(oidc_nonce=nonce)
        done = api.post("/auth/oidc/acme/finish", json=back).raise_for_status()
        run.know(oidc_access=done.json()["accessToken"])
        assert api.post("/auth/oidc/acme/finish", json=back).status_code == 422


def _database_down(run: Run) -> None:
    """Errors are where secrets slip out: the database goes away in the middle."""
    run.stack.kill("postgres")
    with run.api as api:
        body = {"email": run.stack.credentials["email"], "password": run.secrets["owner_password"]}
        for path in ("/auth/login", "/auth/register"):
            api.post(path, json=body)
        api.get("/links", headers={"Authorization": f"Bearer {run.secrets['owner_key']}"})
    with httpx.Client(base_url=run.stack.url("dashboard"), timeout=30) as browser:
        _send(browser, "/login", body)


def _postgres(url: str) -> str:
    """Every row of every table, as text."""
    with psycopg.connect(url, connect_timeout=30) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        rows: list[tuple[str]] = []
        for schema, table in tables:
            rows += connection.execute(
                sql.SQL("SELECT t::text FROM {}.{} t").format(*map(sql.Identifier, (schema, table)))
            )
    return "\n".join(row[0] for row in rows)


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
    assert set(found_in(unfolded, used.secrets)) == {"register_token", "reset_token"}


def test_what_holds_secrets_is_for_its_owner_alone(used: Run) -> None:
    modes = {name: (used.stack.home / name).stat().st_mode & 0o777 for name in HOLDERS}
    assert modes == dict.fromkeys(HOLDERS, 0o600)
