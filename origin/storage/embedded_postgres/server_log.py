"""What Postgres says of itself: in a file of the home, for it is much, and nobody needs it while all is well."""

from pathlib import Path
from typing import IO

_MOST_BYTES = 10_000_000
_SHOWN_CHARACTERS = 4_000


class ServerLog:
    """`postgres.log` beside the data. A long one makes way, as `postgres.log.old`, when the next Postgres starts."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "postgres.log"
        if self.path.exists() and self.path.stat().st_size > _MOST_BYTES:
            self.path.replace(self.path.with_suffix(".log.old"))
        self.path.touch(mode=0o600)
        self._begin = self.path.stat().st_size

    def open(self) -> IO[bytes]:
        """To be written to."""
        return self.path.open("ab")

    def end(self) -> str:
        """Where it is, and the last that was written since this start."""
        with self.path.open("rb") as file:
            file.seek(self._begin)
            said = file.read().decode(errors="replace")
        return f"{self.path} ends:\n{said[-_SHOWN_CHARACTERS:].rstrip()}"
