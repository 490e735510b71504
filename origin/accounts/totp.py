"""Codes of an authenticator app (TOTP, RFC 6238): the secret is encrypted at rest, and each code is good once."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pyotp
import sqlalchemy as sa
from pyotp.utils import strings_equal
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.accounts.secret_box import SecretBox, Unreadable
from origin.problems import Conflict
from origin.storage.tables import Row
from origin.storage.tables import totp_factors as table

ISSUER = "Nearhop"
DIGITS = 6
# Clocks of phones are off by some seconds, and people type slowly: the step before and the one after count too.
_SKEW = (0, -1, 1)


@dataclass(frozen=True, slots=True)
class Totp:
    """Makes secrets and checks codes. `clock` gives Unix seconds."""

    box: SecretBox
    clock: Callable[[], float] = time.time

    async def enrol(self, connection: AsyncConnection, user_id: int) -> str:
        """A new secret, which counts once a code of it was shown; raises Conflict where there is one that counts."""
        secret = pyotp.random_base32()
        sealed = {"secret": self.box.seal(secret, user_id), "last_step": 0, "created_at": sa.func.now()}
        fresh = insert(table).values(user_id=user_id, **sealed)
        unless_on = fresh.on_conflict_do_update(
            index_elements=[table.c.user_id], set_=sealed, where=table.c.confirmed_at.is_(None)
        )
        if (await connection.execute(unless_on.returning(table.c.user_id))).first() is None:
            raise Conflict("The second factor is on already: switch it off first, to use another app.")
        return secret

    async def confirm(self, connection: AsyncConnection, user_id: int, code: str) -> bool:
        """Switch the second factor on, if the code is right; raises Conflict where nothing waits for one."""
        row = await _hold(connection, user_id)
        if row is None or row.confirmed_at is not None:
            raise Conflict("There is no secret that waits for a code: ask for a new one.")
        if not await self._spend(connection, row, code):
            return False
        now = {"confirmed_at": sa.func.now()}
        await connection.execute(sa.update(table).where(table.c.user_id == user_id).values(now))
        return True

    async def use(self, connection: AsyncConnection, user_id: int, code: str) -> bool:
        """Whether the code is right and has not been used; it has been then."""
        row = await _hold(connection, user_id)
        return row is not None and row.confirmed_at is not None and await self._spend(connection, row, code)

    async def _spend(self, connection: AsyncConnection, row: Row, code: str) -> bool:
        step = self._step(row, code)
        if step is None or step <= row.last_step:  # seen before, by whoever looked over a shoulder or in between
            return False
        used = sa.update(table).where(table.c.user_id == row.user_id).values(last_step=step)
        await connection.execute(used)
        return True

    def _step(self, row: Row, code: str) -> int | None:
        """The step of time that a code is of; None for a wrong code."""
        try:
            totp = pyotp.TOTP(self.box.open(row.secret, row.user_id), digits=DIGITS)
        except Unreadable:
            return None  # recovery codes need no key
        now = totp.timecode(self.clock())
        return next((now + skew for skew in _SKEW if strings_equal(totp.generate_otp(now + skew), code)), None)


def uri(secret: str, email: str) -> str:
    """The secret as apps read it from a QR code."""
    return pyotp.TOTP(secret, digits=DIGITS).provisioning_uri(name=email, issuer_name=ISSUER)


async def find(connection: AsyncConnection, user_id: int) -> Row | None:
    """The row of a user who has switched it on."""
    on = sa.and_(table.c.user_id == user_id, table.c.confirmed_at.is_not(None))
    row: Row | None = (await connection.execute(sa.select(table).where(on))).one_or_none()
    return row


async def remove(connection: AsyncConnection, user_id: int) -> None:
    """Switch it off."""
    await connection.execute(sa.delete(table).where(table.c.user_id == user_id))


async def _hold(connection: AsyncConnection, user_id: int) -> Row | None:
    """Lock the row, so that of two uses of a code at once one counts."""
    select = sa.select(table).where(table.c.user_id == user_id).with_for_update()
    row: Row | None = (await connection.execute(select)).one_or_none()
    return row
