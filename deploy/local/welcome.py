"""What is printed once all is ready: where everything is, how to log in, and a short link to try."""

import json
import urllib.error
import urllib.request
from pathlib import Path

from deploy.local.settings import LocalSettings
from shared.home import CREDENTIALS_FILE

SAMPLE = {"url": "https://example.com/?hello=nearhop", "key": "hello", "title": "A first short link"}
_TIMEOUT_SECONDS = 10.0
_TAKEN = 409


def welcome(settings: LocalSettings, seconds: float) -> str:
    """The table of addresses and credentials; without local credentials (a Postgres of one's own) only the addresses."""
    rows = [
        ("Dashboard", settings.url("dashboard")),
        ("Short links", settings.url("edge")),
        ("REST API", f"{settings.url('origin')}/api/v1"),
        ("API docs", f"{settings.url('origin')}/api/v1/docs"),
        ("Website", settings.url("landing")),
    ]
    mailbox = f"{settings.url('origin')}/local/mailbox"
    if is_there(mailbox):  # letters that are sent have no mailbox here
        rows.append(("Mailbox", mailbox))
    credentials = read_credentials(settings.home)
    if credentials:
        rows += [
            ("", ""),
            ("E-mail", credentials["email"]),
            ("Password", credentials["password"]),
            ("API key", credentials["api_key"]),
            ("Try it", sample_link(settings, credentials["api_key"])),
        ]
    lines = [f"  {name:<12} {value}".rstrip() for name, value in rows]
    return "\n".join(["", f"Nearhop is ready ({seconds:.1f} s). Ctrl-C stops it.", "", *lines, ""])


def read_credentials(home: Path) -> dict[str, str]:
    """The local owner's, or an empty dict where there is none."""
    try:
        return dict(json.loads((home / CREDENTIALS_FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}


def is_there(url: str) -> bool:
    """Whether one of our own pages answers."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS):  # noqa: S310  # our own address
            return True
    except OSError:  # it says no, or origin has just been killed and is started again
        return False


def sample_link(settings: LocalSettings, api_key: str) -> str:
    """Make the sample link unless it is there, and return its address; where origin is just away, only the address."""
    request = urllib.request.Request(  # noqa: S310  # our own address
        f"{settings.url('origin')}/api/v1/links",
        data=json.dumps(SAMPLE).encode(),
        headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310  # as above
            return str(json.load(answer)["shortLink"])
    except urllib.error.HTTPError as error:
        if error.code != _TAKEN:
            raise
    except OSError:  # killed at this moment: its supervisor starts it again, and goes on itself
        pass
    return f"{settings.url('edge')}/{SAMPLE['key']}"
