"""Argon2id hashes, made in threads: one takes about 64 MB and a tenth of a second, so only a few run at once."""

from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Meta

from origin.problems import Unprocessable
from origin.threads import BoundedThreads

MIN_LENGTH = 8
MAX_LENGTH = 256
# A password that is to be had from now on; `hash` checks it.
NewPassword = Annotated[str, Meta(extra_json_schema={"minLength": MIN_LENGTH, "maxLength": MAX_LENGTH})]
_AT_ONCE = 2
_WAITING = 64


class Passwords:
    """Hashes and checks passwords. Parameters: argon2-cffi's defaults, RFC 9106's low-memory profile."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        crowded = "Too many people log in at this moment: try again in a few seconds."
        self._threads = BoundedThreads(_AT_ONCE, _WAITING, crowded)
        # Compared against when there is no such user, so that the answer takes as long.
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """The hash to store; raises Unprocessable for a password that is too short or too long."""
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            raise Unprocessable(f"password: it has {MIN_LENGTH} to {MAX_LENGTH} characters.")
        return await self._threads.run(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password belongs to the stored hash; False, in the same time, where there is none."""
        return await self._threads.run(self._matches, stored, password[: MAX_LENGTH + 1])

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than new ones are."""
        return self._hasher.check_needs_rehash(stored)

    def _matches(self, stored: str | None, password: str) -> bool:
        try:
            self._hasher.verify(stored or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None
