"""A Nearhop that is used with secrets that are known: every flow that has some, and calls that put them where none belongs."""

import asyncio
import re
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psycopg
import pyotp
from psycopg import sql

from deploy.local.stack import Stack
from shared.home import embedded_database_url, local_secrets
from tests.authenticator import Authenticator
from tests.conftest import unused_port
from tests.letters import bearer, invitation_token, last_token, new_email
from tests.oidc_provider import CLIENT_SECRET, real_provider, setting, walk

PASSWORD, OTHER_PASSWORD = "a first password, known", "a second password, known"
WRONG_PASSWORD, LINK_PASSWORD = "a wrong password, known", "a password of a link, known"
INVITED_PASSWORD, LOGO_SIGNATURE = "a password by invitation, known", "a-signature-in-a-query"
OUTSIDE = {"safe_browsing_key": "a-key-for-safe-browsing", "cloudflare_token": "a-token-for-custom-hostnames"}
# What is no secret, and is found: the search itself is put to the test.
MARKER = "a-marker-that-is-no-secret"
# The words on the terminal of who starts a Nearhop of their own.
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Run:
    """A Nearhop in use. `secrets` are those that it was given or gave, by what they are."""

    stack: Stack
    issuer: str
    site: str  # a web server with a picture that is not there
    secrets: dict[str, str] = field(default_factory=dict)
    dump: str = ""  # every row of Postgres
    answers: list[bytes] = field(default_factory=list)  # to calls that were wrong

    @property
    def api(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.stack.url('origin')}/api/v1", timeout=30)

    def know(self, **found: str) -> None:
        assert all(len(each) >= 8 for each in found.values()), "too short to be searched for"
        self.secrets |= found

    def mail_token(self, purpose: str, email: str) -> str:
        home = self.stack.home
        return last_token(embedded_database_url(home), local_secrets(home)["secret_key"], purpose, email)


@contextmanager
def used_nearhop(home: Path) -> Iterator[Run]:
    """A Nearhop whose main flows have been gone through, stopped."""
    port = unused_port()
    redirect = f"http://localhost:{port}/login/oidc/acme"  # of no dashboard that listens: the test is the browser
    with real_provider(redirect) as issuer, _nothing_there() as site:
        environ = {
            "NEARHOP_OIDC_PROVIDERS": setting(issuer),
            "NEARHOP_DASHBOARD_URL": f"http://localhost:{port}",
            "NEARHOP_ALLOW_PRIVATE_DESTINATIONS": "true",
            **_outside(site),
        }
        with Stack(home, environ) as stack:
            run = Run(stack, issuer, site)
            run.know(**OUTSIDE)
            for flow in FLOWS:
                flow(run)
            _provider(run, redirect)
            run.dump = _postgres(embedded_database_url(home))
            _database_down(run)
        yield run


@contextmanager
def _nothing_there() -> Iterator[str]:
    """A web server that has nothing, and says so to everybody."""

    class Nothing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            self.send_error(404)

        do_POST = do_GET  # noqa: N815  # http.server's name

        def log_message(self, *_: object) -> None:
            """Not here: what is searched is what Nearhop wrote."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Nothing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _outside(site: str) -> dict[str, str]:
    """Settings for services outside that refuse everything: their keys are secrets, and errors might tell them."""
    return {
        "NEARHOP_SAFE_BROWSING_KEY": OUTSIDE["safe_browsing_key"],
        "NEARHOP_SAFE_BROWSING_URL": site,
        "CLOUDFLARE_ZONE_ID": "zone",
        "CLOUDFLARE_API_TOKEN": OUTSIDE["cloudflare_token"],
        "NEARHOP_CLOUDFLARE_SAAS_API_URL": site,
    }


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
        again = api.post("/auth/login", json={"email": email, "password": OTHER_PASSWORD}).raise_for_status()
        other = new_email()
        change = {"email": other, "password": OTHER_PASSWORD}
        api.post("/me/email", json=change, headers=bearer(again)).raise_for_status()
        run.know(email_token=run.mail_token("change_email", other))
        api.post("/auth/confirm-email", json={"token": run.secrets["email_token"]}).raise_for_status()
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


def _invitations(run: Run) -> None:
    """One that is accepted with an account, one that opens one, and one that is revoked."""
    home = run.stack.home
    invited = {name: new_email() for name in ("accepted", "registered", "revoked")}
    with run.api as api, run.api as guest:
        api.headers["Authorization"] = f"Bearer {run.secrets['owner_key']}"
        way = f"/workspaces/{run.stack.credentials['workspace_id']}/invitations"
        made = {name: api.post(way, json={"email": email}).raise_for_status() for name, email in invited.items()}
        tokens = {
            name: invitation_token(embedded_database_url(home), local_secrets(home)["secret_key"], email)
            for name, email in invited.items()
        }
        run.know(**{f"{name}_invitation": token for name, token in tokens.items()})
        for token in tokens.values():
            guest.post("/invitations/show", json={"token": token}).raise_for_status()
        api.delete(f"{way}/{made['revoked'].json()['id']}").raise_for_status()
        for name in ("registered", "revoked"):
            body = {"token": tokens[name], "password": INVITED_PASSWORD}
            run.answers.append(guest.post("/invitations/register", json=body).content)
        run.answers.append(guest.post("/invitations/accept", json={"token": tokens["accepted"]}).content)
    run.know(invited_password=INVITED_PASSWORD)


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
        signed = {"url": "https://example.com", "logo": f"{run.site}/logo.png?signature={LOGO_SIGNATURE}"}
        assert api.get("/qr", params=signed).status_code == 422
        api.post("/domains", json={"slug": f"{MARKER}.example.org"}).raise_for_status()  # told to Cloudflare
        api.put("/links/upsert", json={"url": "https://example.com/", "title": MARKER}).raise_for_status()
    run.know(logo_signature=LOGO_SIGNATURE)
    edge = f"{run.stack.url('edge')}/guarded"
    for password in (WRONG_PASSWORD, LINK_PASSWORD):
        httpx.post(edge, data={"password": password}, timeout=30)


def _wrong_calls(run: Run) -> None:
    """Secrets where they do not belong: an answer or a log that repeats what came would give them away."""
    made_up = "nh_made-up-but-secret-all-the-same"
    run.know(made_up_key=made_up)
    with run.api as api:
        for header in (f"Bearer {made_up}", f"Bearer {PASSWORD}", f"Basic {made_up}", made_up):
            run.answers.append(api.get("/links", headers={"Authorization": header}).content)
        for path in ("/auth/login", "/auth/register", "/auth/reset-password", "/invitations/register"):
            for body in (
                {"email": [PASSWORD], "password": PASSWORD, "token": made_up},
                {"email": "ada@example.com", "password": {"is": PASSWORD}, "token": made_up},
                {"email": "ada@example.com", "password": PASSWORD, "token": [made_up]},
            ):
                run.answers.append(api.post(path, json=body).content)
            api.post(path, json={"email": PASSWORD, "password": PASSWORD, made_up: 1})  # the answer names the field
            for text in (f'{{"password": "{PASSWORD}"', f'{{"token": "{made_up}", ]', f'"{made_up}"', made_up):
                run.answers.append(api.post(path, content=text).content)
        for path in ("/auth/verify", "/auth/confirm-email", "/invitations/show", "/auth/passkey/options"):
            run.answers.append(api.post(path, json={"token": made_up}).content)
        for name in ("token", "password", "api_key", "search", "linkId"):
            run.answers.append(api.get("/links", params={name: made_up}).content)
            httpx.get(
                f"{run.stack.url('edge')}/guarded", params={name: made_up}, timeout=30
            )  # its form keeps the query
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


FLOWS = (
    _local_owner, _account, _second_factor_and_passkey, _invitations, _dashboard, _links, _wrong_calls,
)  # fmt: skip


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
