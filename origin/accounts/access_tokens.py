"""Access tokens: PASETO v4.local, good for 15 minutes, as long as their session goes on."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pyseto
from pyseto import Key, Paseto

from origin.problems import Unauthorized

SECONDS = 15 * 60
PREFIX = "v4.local."


@dataclass(frozen=True, slots=True)
class Claims:
    """The user, and the family of refresh tokens (the session) that the token came from."""

    user_id: int
    family: str


class AccessTokens:
    """Makes and reads access tokens under the installation's secret key. `seconds` is at least 1."""

    def __init__(self, secret_key: str, *, seconds: int = SECONDS) -> None:
        # A key of its own, so that no other use of the secret key can stand in for a token.
        material = hashlib.blake2b(secret_key.encode(), digest_size=32, person=b"access token").digest()
        self._key = Key.new(version=4, purpose="local", key=material)
        self._paseto = Paseto.new(exp=seconds)

    def issue(self, claims: Claims) -> str:
        """A new token."""
        payload = {"sub": str(claims.user_id), "family": claims.family}
        return self._paseto.encode(self._key, payload, serializer=json).decode()

    def read(self, token: str) -> Claims:
        """The claims of a token; raises Unauthorized for one that is forged, damaged or expired."""
        try:
            payload: Any = self._paseto.decode(self._key, token, deserializer=json).payload
        except (pyseto.PysetoError, ValueError) as error:
            raise Unauthorized("The access token is not valid, or no longer: log in or refresh it.") from error
        return Claims(int(payload["sub"]), str(payload["family"]))
