"""Password hashes."""

import pytest

from origin.accounts.passwords import Passwords
from origin.problems import Unprocessable


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords()


async def test_a_password_matches_its_own_hash_only(passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")
    assert await passwords.matches(stored, "correct horse")
    assert not await passwords.matches(stored, "correct horse ")


async def test_nobody_has_no_password(passwords: Passwords) -> None:
    assert not await passwords.matches(None, "nobody has this password")
    assert not await passwords.matches("no hash", "anything")


@pytest.mark.parametrize("password", ["", "7 chars", "x" * 257])
async def test_too_short_and_too_long_ones_are_refused(passwords: Passwords, password: str) -> None:
    with pytest.raises(Unprocessable, match=r"^password: "):
        await passwords.hash(password)
