"""Passwords of links. The edge asks for them, so what is kept is what the edge can check: PBKDF2, which Web Crypto has.

The password itself is not kept. The API shows a mask instead, and a change that sends the mask back changes nothing.
"""

import base64
import hashlib
import secrets

from origin.threads import BoundedThreads

MASK = "********"
# The most that Web Crypto takes on Cloudflare Workers.
ITERATIONS = 100_000
_SALT_BYTES = 16
_threads = BoundedThreads(2, 1_000, "Too many passwords are set at this moment: try again in a few seconds.")


async def verifier(password: str) -> str:
    """`pbkdf2-sha256$iterations$salt$key`, salt and key in base64."""
    return await _threads.run(derive, password, secrets.token_bytes(_SALT_BYTES))


def derive(password: str, salt: bytes) -> str:
    """The verifier with this salt."""
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    texts = (base64.b64encode(each).decode() for each in (salt, key))
    return "$".join(("pbkdf2-sha256", str(ITERATIONS), *texts))


def salt_of(kept: str) -> bytes:
    """The salt in a verifier."""
    return base64.b64decode(kept.split("$")[2])
