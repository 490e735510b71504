"""Secrets that have to be read again, so that no hash would do: encrypted at rest under the installation's key."""

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Unreadable(Exception):
    """What was stored is not of this key: NEARHOP_SECRET_KEY has changed since."""


class SecretBox:
    """Encrypts with AES-256-GCM under a key of its own, derived from the secret key for one purpose."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        """`purpose` has up to 16 characters."""
        key = hashlib.blake2b(secret_key.encode(), digest_size=32, person=purpose.encode()).digest()
        self._cipher = AESGCM(key)

    def seal(self, text: str, owner: int) -> bytes:
        """What to store. It can be opened for the same owner alone: a copy in another's row is worth nothing."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), str(owner).encode())

    def open(self, sealed: bytes, owner: int) -> str:
        """The text; raises Unreadable."""
        try:
            opened = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], str(owner).encode())
        except InvalidTag as error:
            raise Unreadable(Unreadable.__doc__) from error
        return opened.decode()
