"""`nearhop login` and `nearhop logout`."""

import platform
from typing import Annotated

import typer

from cli import config
from cli.config import Account, address
from cli.console import note, say
from cli.errors import UsageError
from cli.origin_client import OriginClient
from cli.settings import Settings, read_settings


def login(
    email: Annotated[str, typer.Option(help="E-mail address of your account; asked for when missing.")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    api_key: Annotated[str, typer.Option(help="Use this API key, as made in the dashboard, instead.")] = "",
    url: Annotated[str, typer.Option(help="Address of Nearhop, such as https://links.example.com.")] = "",
) -> None:
    """Store where Nearhop is and an API key for it.

    With an e-mail address and a password, an API key is made for this machine; the password is not kept. With --api-key, that
    key is checked and kept. Address and key go into a file that only you can read: NEARHOP_CONFIG, or nearhop/config.json in
    your configuration folder. The Nearhop of a checkout needs no login: in its folder, its own credentials are used.
    """
    settings = read_settings()
    where = address(url or settings.url) or f"http://127.0.0.1:{settings.origin_port}"
    key = api_key or _make_key(where, email or typer.prompt("E-mail", err=True), _password(password_stdin))
    _keep(settings, Account(where, key))


def logout() -> None:
    """Forget the stored address and API key. The key itself stays valid until it is deleted in the dashboard."""
    note("Logged out." if config.forget(read_settings()) else "You were not logged in.")


def _keep(settings: Settings, found: Account) -> None:
    with OriginClient(found.url, found.api_key) as origin:
        user = origin.get("/me")["user"]
    path = config.store(settings, found)
    say(f"Logged in at {found.url} as {user['email']}; kept in {path}.")


def _password(from_stdin: bool) -> str:
    if not from_stdin:
        return str(typer.prompt("Password", hide_input=True, err=True))
    password = typer.get_text_stream("stdin").readline().rstrip("\n")
    if not password:
        raise UsageError("--password-stdin: there is no password on stdin")
    return password


def _make_key(where: str, email: str, password: str) -> str:
    with OriginClient(where) as origin:
        token = origin.post("/auth/login", {"email": email, "password": password})["accessToken"]
    with OriginClient(where, token) as origin:
        return str(origin.post("/api-keys", {"name": f"nearhop on {platform.node()}"[:100]})["key"])
