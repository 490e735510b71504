"""The local mailbox: a folder of letters that a local installation would have sent, for whoever may read its home."""

import email
import email.policy
import itertools
import os
import re
import time
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

_NAME = re.compile(r"\d{13}-\d+-\d+\.eml")
_KEPT = 500
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter in the mailbox and the name that it is asked for by."""

    name: str
    message: EmailMessage

    @property
    def text(self) -> str:
        """The plain text."""
        body = self.message.get_body(("plain",))
        return body.get_content() if body is not None else ""


class Mailbox:
    """Files of one letter each, for the owner of the home alone; the oldest go once there are many."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, message: EmailMessage) -> None:
        """Add a letter: whole, or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{time.time_ns() // 1_000_000:013}-{os.getpid()}-{next(_numbers)}.eml"
        temporary = path.with_suffix(".part")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(message.as_bytes())
        temporary.rename(path)
        for old in self._names()[_KEPT:]:
            (self._folder / old).unlink(missing_ok=True)

    def letters(self) -> list[Kept]:
        """Every letter, the newest first."""
        found = (self.get(name) for name in self._names())
        return [each for each in found if each is not None]

    def get(self, name: str) -> Kept | None:
        """One letter by its name."""
        if not _NAME.fullmatch(name):
            return None
        try:
            content = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        return Kept(name, email.message_from_bytes(content, EmailMessage, policy=email.policy.default))

    def _names(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return sorted((each.name for each in self._folder.iterdir() if _NAME.fullmatch(each.name)), reverse=True)
