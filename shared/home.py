"""Where a local installation keeps its things: the paths below NEARHOP_HOME, and the secrets made on the first start."""

import hashlib
import json
import os
import secrets
import tempfile
from pathlib import Path

SECRETS_FILE = "secrets.json"
CREDENTIALS_FILE = "credentials.json"
# A Unix socket's path may have about 104 bytes (sun_path on macOS); Postgres adds a file name of 18.
_LONGEST_SOCKET_FOLDER = 80


def embedded_database_url(home: Path) -> str:
    """The URL of the embedded Postgres: a Unix socket in a folder that only its user may enter."""
    return f"postgresql:///nearhop?host={socket_folder(home)}&user=nearhop"


def socket_folder(home: Path) -> Path:
    """Below the home, or, where that path is too long for a socket, a folder of its own name in the temporary folder."""
    folder = home.resolve() / "run"
    if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER:
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"nearhop-{os.getuid()}-{name}"


def local_secrets(home: Path) -> dict[str, str]:
    """`{"secret_key", "edge_secret", "kv_api_token"}` of this home, made on the first call, mode 0600."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / SECRETS_FILE
    if not path.exists():
        made = {name: secrets.token_urlsafe(32) for name in ("secret_key", "edge_secret", "kv_api_token")}
        write_private(path, json.dumps(made, indent=2) + "\n", replace=False)
    return dict(json.loads(path.read_text(encoding="utf-8")))


def write_private(path: Path, text: str, *, replace: bool = True) -> None:
    """Write a file of mode 0600 whole or not at all; with `replace=False` an existing one stays as it is."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mkstemp makes it 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if replace:
        Path(temporary).replace(path)
        return
    try:
        os.link(temporary, path)  # fails where another process was faster: its file counts
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink()
