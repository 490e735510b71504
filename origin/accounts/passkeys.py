"""Passkeys (WebAuthn): kept as public keys, and asked for by challenges that are good once.

The challenge is the token of a step (accounts.steps), so what is kept of it is a hash, and it ends by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
import structlog
import webauthn
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from origin import ids
from origin.accounts import service, steps
from origin.accounts.credentials import NewCredential, UsedCredential, decode
from origin.accounts.relying_party import NAME, RelyingParty
from origin.problems import Conflict, NotFound, Unauthorized, Unprocessable
from origin.storage.tables import Row
from origin.storage.tables import passkeys as table

NEW, USE = "passkey_new", "passkey_use"
MOST = 20
_TIMEOUT_MS = int(steps.LIFETIME.total_seconds() * 1000)
_TRANSPORTS = {each.value for each in AuthenticatorTransport}

_log = structlog.get_logger("origin.passkeys")
T = TypeVar("T")


class Passkey(msgspec.Struct, rename="camel"):
    """A passkey as its owner sees it. `backed_up`: whether its maker keeps a copy, so that it outlives the device."""

    id: str
    name: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


class Copied(Exception):
    """A passkey's counter went back: somebody has a copy of it."""

    def __init__(self, user_id: int) -> None:
        super().__init__(Copied.__doc__)
        self.user_id = user_id


@dataclass(frozen=True, slots=True)
class Passkeys:
    """Makes challenges for one dashboard, and checks what browsers answer."""

    party: RelyingParty

    async def ask_for_new(self, connection: AsyncConnection, user_id: int) -> dict[str, Any]:
        """What `navigator.credentials.create()` takes. A new passkey can be found without a name, and knows its person."""
        user = await service.get(connection, user_id)
        options = webauthn.generate_registration_options(
            rp_id=self.party.domain,
            rp_name=NAME,
            user_id=user.id.encode(),
            user_name=user.email,
            user_display_name=user.name or user.email,
            challenge=decode(await steps.begin(connection, NEW, user_id)),
            timeout=_TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=await _descriptors(connection, user_id),
        )
        return options_to_json_dict(options)

    async def add(
        self, connection: AsyncConnection, user_id: int, name: str, credential: NewCredential, challenge: str
    ) -> Passkey:
        """Keep a new passkey; raises Unprocessable for one that is not right, Conflict for one that is here already."""
        try:
            found = webauthn.verify_registration_response(
                credential=msgspec.to_builtins(credential),
                expected_challenge=decode(challenge),
                expected_rp_id=self.party.domain,
                expected_origin=self.party.origin,
                require_user_verification=True,
            )
        except Exception as error:  # the library reads a stranger's bytes: whatever it trips over, they are wrong
            raise Unprocessable(f"credential: {_why(error)}") from error
        if len(await of_user(connection, user_id)) >= MOST:
            raise Conflict(f"An account has {MOST} passkeys at most: delete one first.")
        values = {
            "user_id": user_id,
            "name": name,
            "credential_id": found.credential_id,
            "public_key": found.credential_public_key,
            "sign_count": found.sign_count,
            "backed_up": found.credential_backed_up,
            "transports": [each for each in credential.response.transports if each in _TRANSPORTS],
        }
        added = insert(table).values(values).on_conflict_do_nothing().returning(table)
        row = (await connection.execute(added)).one_or_none()
        if row is None:
            raise Conflict("This passkey is here already.")
        return _passkey(row)

    async def ask_for_use(self, connection: AsyncConnection, user_id: int | None = None) -> dict[str, Any]:
        """What `navigator.credentials.get()` takes: for anybody, or for one of a user's as their second factor."""
        known = UserVerificationRequirement.REQUIRED if user_id is None else UserVerificationRequirement.PREFERRED
        options = webauthn.generate_authentication_options(
            rp_id=self.party.domain,
            challenge=decode(await steps.begin(connection, USE, user_id)),
            timeout=_TIMEOUT_MS,
            allow_credentials=[] if user_id is None else await _descriptors(connection, user_id),
            user_verification=known,
        )
        return options_to_json_dict(options)

    async def recognize(
        self, connection: AsyncConnection, credential: UsedCredential, challenge: str, user_id: int | None
    ) -> int:
        """Whose passkey it is; raises Unauthorized, the same for every mistake, or Copied."""
        select = sa.select(table).where(table.c.credential_id == decode(credential.raw_id)).with_for_update()
        row: Row | None = (await connection.execute(select)).one_or_none()
        if row is None or (user_id is not None and row.user_id != user_id):
            raise Unauthorized(_UNKNOWN)
        count = self._verify(credential, challenge, row, alone=user_id is None)
        if count <= row.sign_count and (count, row.sign_count) != (0, 0):  # those that do not count say 0 for ever
            _log.warning("a passkey's counter went back", passkey=row.id, was=row.sign_count, now=count)
            raise Copied(row.user_id)
        used = {"sign_count": count, "last_used_at": sa.func.now()}
        await connection.execute(sa.update(table).where(table.c.id == row.id).values(used))
        return int(row.user_id)

    def _verify(self, credential: UsedCredential, challenge: str, row: Row, *, alone: bool) -> int:
        """The counter of a passkey whose signature is right. Where it is all there is, it must have known its person."""
        try:
            found = webauthn.verify_authentication_response(
                credential=msgspec.to_builtins(credential),
                expected_challenge=decode(challenge),
                expected_rp_id=self.party.domain,
                expected_origin=self.party.origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=0,  # compared by `recognize`, which tells a copy from a forgery
                require_user_verification=alone,
            )
        except Exception as error:
            _log.info("a passkey was refused", passkey=row.id, why=_why(error))
            raise Unauthorized(_UNKNOWN) from error
        handle = credential.response.user_handle
        if handle and decode(handle) != ids.public(ids.USER, row.user_id).encode():
            raise Unauthorized(_UNKNOWN)
        return found.new_sign_count


_UNKNOWN = "This passkey opens no account here: log in otherwise, and add it in your settings."


async def of_user(connection: AsyncConnection, user_id: int) -> list[Passkey]:
    """A user's passkeys, the oldest first."""
    select = sa.select(table).where(table.c.user_id == user_id).order_by(table.c.id)
    return [_passkey(row) for row in await connection.execute(select)]


async def rename(connection: AsyncConnection, user_id: int, passkey_id: str, name: str) -> Passkey:
    """Give it another name; raises NotFound."""
    update = sa.update(table).where(_mine(user_id, passkey_id)).values(name=name).returning(table)
    row = (await connection.execute(update)).one_or_none()
    if row is None:
        raise NotFound(f"You have no passkey {passkey_id}.")
    return _passkey(row)


async def delete(connection: AsyncConnection, user_id: int, passkey_id: str) -> None:
    """Nobody gets in by it any more; raises NotFound."""
    if (await connection.execute(sa.delete(table).where(_mine(user_id, passkey_id)))).rowcount == 0:
        raise NotFound(f"You have no passkey {passkey_id}.")


async def exist(connection: AsyncConnection, user_id: int) -> bool:
    """Whether a user has any."""
    return (
        await connection.execute(sa.select(table.c.id).where(table.c.user_id == user_id).limit(1))
    ).first() is not None


def _mine(user_id: int, passkey_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.user_id == user_id, table.c.id == ids.parse(ids.PASSKEY, passkey_id))


async def _descriptors(connection: AsyncConnection, user_id: int) -> list[PublicKeyCredentialDescriptor]:
    select = sa.select(table.c.credential_id, table.c.transports).where(table.c.user_id == user_id)
    return [
        PublicKeyCredentialDescriptor(
            id=row.credential_id, transports=[AuthenticatorTransport(each) for each in row.transports] or None
        )
        for row in await connection.execute(select)
    ]


def _passkey(row: Row) -> Passkey:
    return Passkey(ids.public(ids.PASSKEY, row.id), row.name, row.backed_up, row.created_at, row.last_used_at)


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"
