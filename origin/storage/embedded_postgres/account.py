"""The user that Postgres runs as.

Postgres refuses to run as root, so root hands it to `nobody`. The binaries and the data may lie where that user may not
go (a checkout below /root, mode 0700). Rather than open folders that are not ours, Postgres then keeps one capability
of root's: to pass by file permissions.
"""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from origin.storage.embedded_postgres.errors import CannotRun

_USER = "nobody"
_KEEP_DAC_OVERRIDE = (
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    # Without it access(2), which initdb and postgres ask before they open things, goes by the user alone.
    "--securebits=+no_setuid_fixup",
)


@dataclass(frozen=True, slots=True)
class Account:
    """`prefix` goes before a command, so that it runs as the user `uid`; empty where that is ourselves."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def bound_prefix(self, number: signal.Signals) -> tuple[str, ...]:
        """The prefix, and that the kernel sends the command this signal when we are gone, where setpriv can arrange it."""
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            return self.prefix
        return (*(self.prefix or (setpriv,)), f"--pdeathsig={number.name.removeprefix('SIG')}")

    def own(self, folder: Path) -> None:
        """Hand a folder that we made to this user, for nobody else to enter."""
        folder.chmod(0o700)
        if self.prefix:
            os.chown(folder, self.uid, self.gid)


def choose(paths: Sequence[Path]) -> Account:
    """The account for Postgres, which has to reach these paths; raises CannotRun where there is none."""
    if os.getuid() != 0:
        return Account(os.getuid(), os.getgid())
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise CannotRun("Postgres refuses to run as root, and setpriv, which would change the user, is not installed.")
    user = pwd.getpwnam(_USER)
    plain = (setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    for prefix in (plain, (*plain, *_KEEP_DAC_OVERRIDE)):
        if _reaches(prefix, paths):
            return Account(user.pw_uid, user.pw_gid, prefix)
    raise CannotRun(
        f"Postgres refuses to run as root, and the user {_USER} can't reach {_first_closed(plain, paths)}: "
        "run Nearhop as an ordinary user, or from a folder that others may enter."
    )


def _first_closed(prefix: tuple[str, ...], paths: Sequence[Path]) -> Path:
    return next((path for path in paths if not _reaches(prefix, [path])), paths[0])


def _reaches(prefix: tuple[str, ...], paths: Sequence[Path]) -> bool:
    tests = " && ".join(f'test -x "${number}"' for number in range(1, len(paths) + 1))
    command = [*prefix, "/bin/sh", "-c", tests, "sh", *map(str, paths)]
    return subprocess.run(command, cwd="/", capture_output=True, timeout=30, check=False).returncode == 0  # noqa: S603  # no input of others
