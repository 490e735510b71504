r"""HMAC signatures on the calls between edge and origin.

The signed text is `{unix seconds}\n{METHOD}\n{path and query}\n{body}`, so a signature is worth nothing on another call.
"""

import hashlib
import hmac

from shared.errors import BadSignature, StaleSignature

HEADER = "Nearhop-Signature"
# A clock may be wrong by this much, and a captured call can be replayed for this long (batch ids make that harmless).
REPLAY_WINDOW_SECONDS = 300
_MOST_DIGITS = 12


def sign(secret: str, method: str, path: str, body: bytes, now: float) -> str:
    """The header's value for one call: `t=<unix seconds>,v1=<64 hex digits>`."""
    timestamp = int(now)
    return f"t={timestamp},v1={_digest(secret, timestamp, method, path, body)}"


def verify(secret: str, header: str | None, method: str, path: str, body: bytes, now: float) -> None:
    """Accept the call, or raise BadSignature or StaleSignature."""
    fields = dict(part.partition("=")[::2] for part in (header or "").split(","))
    # isascii too: str.isdecimal accepts digits of other scripts, and int() then reads them.
    given_time = fields.get("t", "")
    if not (given_time.isdecimal() and given_time.isascii() and len(given_time) <= _MOST_DIGITS):
        raise BadSignature
    timestamp = int(given_time)
    given = fields.get("v1", "").encode()
    if not hmac.compare_digest(given, _digest(secret, timestamp, method, path, body).encode()):
        raise BadSignature
    if abs(now - timestamp) > REPLAY_WINDOW_SECONDS:
        raise StaleSignature


def _digest(secret: str, timestamp: int, method: str, path: str, body: bytes) -> str:
    prefix = f"{timestamp}\n{method.upper()}\n{path}\n".encode()
    return hmac.new(secret.encode(), prefix + body, hashlib.sha256).hexdigest()
