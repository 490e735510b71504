"""Which Nearhop to talk to, and as whom: the environment, then `nearhop login`'s file, then a local installation."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cli.errors import NotLoggedIn, UsageError
from cli.settings import Settings, config_file
from shared.home import CREDENTIALS_FILE, write_private

_LOCAL = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Account:
    """An address without a final slash, and the key to use there."""

    url: str
    api_key: str


def account(settings: Settings) -> Account:
    """The account to use; raises NotLoggedIn.

    A stored key goes only to the address it was stored for, and a local installation's only to this machine.
    """
    stored = _read(config_file(settings))
    url = address(settings.url or stored.get("url", "") or f"http://127.0.0.1:{settings.origin_port}")
    if settings.api_key:
        return Account(url, settings.api_key)
    if stored.get("api_key") and address(stored.get("url", "")) == url:
        return Account(url, stored["api_key"])
    local = _read(settings.home / CREDENTIALS_FILE)
    if local.get("api_key") and urlsplit(url).hostname in _LOCAL:
        return Account(url, local["api_key"])
    raise NotLoggedIn(
        f"There is no API key for {url}: run `nearhop login`, or set NEARHOP_API_KEY. "
        "The Nearhop of a checkout is used by itself in its folder once `make run` has started it."
    )


def store(settings: Settings, found: Account) -> Path:
    """Keep the account in a file that only its user may read."""
    path = config_file(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, json.dumps({"url": found.url, "api_key": found.api_key}, indent=2) + "\n")
    except OSError as error:
        raise UsageError(f"{path} can't be written ({error.strerror}): set NEARHOP_CONFIG to another file") from error
    return path


def forget(settings: Settings) -> bool:
    """Delete the file; False when there is none."""
    path = config_file(settings)
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


def address(url: str) -> str:
    """An address as people write it, in one form; raises UsageError."""
    parts = urlsplit(url.strip() if "://" in url else f"https://{url.strip()}")
    if not url:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{url!r} is not the address of a Nearhop: it looks like https://links.example.com")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/api/v1')}"


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is damaged: delete it and run `nearhop login`") from error
    return found if isinstance(found, dict) else {}
