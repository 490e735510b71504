"""The tokens of letters, as whoever reads the mail would have them: made from the rows, so no test waits for mail."""

import asyncio
import secrets

import httpx
import psycopg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.accounts.mail_tokens import MailTokens
from origin.accounts.mails import AccountMails
from origin.jobs.queue import REQUEST_ID
from origin.mail.letters import Letter

PASSWORD = "correct horse battery"


def new_email() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def last_token(database_url: str, secret_key: str, purpose: str, email: str) -> str:
    """The token of the last letter of this purpose to this address."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT nonce FROM mail_tokens WHERE purpose = %s AND email = %s ORDER BY id DESC LIMIT 1",
            [purpose, email],
        ).fetchone()
    assert row is not None, f"no {purpose} letter to {email}"
    return MailTokens(secret_key).text(purpose, row[0])


def invitation_token(database_url: str, secret_key: str, email: str) -> str:
    """The token of the last invitation of this address."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT nonce FROM invitations WHERE email = %s ORDER BY id DESC LIMIT 1", [email]
        ).fetchone()
    assert row is not None, f"no invitation for {email}"
    return MailTokens(secret_key).text("invitation", row[0])


def database_url(engine: AsyncEngine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


async def letter(client: httpx.AsyncClient, purpose: str, email: str) -> str:
    """The token of the last letter that the app of this client has queued."""
    from tests.origin_app import SECRET_KEY  # noqa: PLC0415  # which imports all of origin

    app = client._transport.app  # type: ignore[attr-defined]  # that of tests.origin_app
    return await asyncio.to_thread(last_token, database_url(app.state.engine), SECRET_KEY, purpose, email)


async def invitation(client: httpx.AsyncClient, email: str) -> str:
    """The token of the last invitation of this address at the app of this client."""
    from tests.origin_app import SECRET_KEY  # noqa: PLC0415  # as above

    app = client._transport.app  # type: ignore[attr-defined]  # that of tests.origin_app
    return await asyncio.to_thread(invitation_token, database_url(app.state.engine), SECRET_KEY, email)


async def register(client: httpx.AsyncClient, email: str = "", *, name: str = "Ada") -> httpx.Response:
    """Ask for an account and open it by its letter; the answer is that of the log-in."""
    address = email or new_email()
    asked = await client.post("/api/v1/auth/register", json={"email": address, "password": PASSWORD, "name": name})
    assert asked.status_code == 202, asked.text
    return await client.post("/api/v1/auth/verify", json={"token": await letter(client, "register", address.lower())})


def register_at(api: httpx.Client, database_url: str, secret_key: str, email: str) -> httpx.Response:
    """The same at a process."""
    api.post("/auth/register", json={"email": email, "password": PASSWORD}).raise_for_status()
    token = last_token(database_url, secret_key, "register", email)
    return api.post("/auth/verify", json={"token": token}).raise_for_status()


async def noted(client: httpx.AsyncClient, headers: dict[str, str]) -> list[str]:
    """The actions in the audit log of whoever has these headers, the newest first."""
    answer = await client.get("/api/v1/audit-logs", headers=headers)
    assert answer.status_code == 200, answer.text
    return [each["action"] for each in answer.json()]


def bearer(answer: httpx.Response) -> dict[str, str]:
    """The header of whoever was let in."""
    return {"Authorization": f"Bearer {answer.json()['accessToken']}"}


class Postbox:
    """A Post that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        self.letters.append(letter)


async def run_jobs(engine: AsyncEngine, postbox: Postbox) -> None:
    """Do the queued letters of this database, as the worker does."""
    from tests.origin_app import SECRET_KEY  # noqa: PLC0415  # which imports all of origin

    tasks = AccountMails(engine, MailTokens(SECRET_KEY), postbox, "http://dashboard.test").tasks()
    async with engine.begin() as connection:
        taken = "DELETE FROM procrastinate_jobs WHERE task_name = ANY(:tasks) RETURNING id, task_name, args"
        rows = await connection.execute(sa.text(taken), {"tasks": list(tasks)})
    for row in sorted(rows, key=lambda each: each.id):
        await tasks[row.task_name](**{name: value for name, value in row.args.items() if name != REQUEST_ID})
