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
    return header_value(timestamp, _digest(secret, signed_text(timestamp, method, path, body)))


def signed_text(timestamp: int, method: str, path: str, body: bytes) -> bytes:
    """What the signature is made over, by HMAC-SHA256 under the secret's UTF-8."""
    return f"{timestamp}\n{method.upper()}\n{path}\n".encode() + body


def header_value(timestamp: int, digest: str) -> str:
    """The header's value for a digest in hexadecimal that somebody else has made."""
    return f"t={timestamp},v1={digest}"


def verify(secret: str, header: str | None, method: str, path: str, body: bytes, now: float) -> None:
    """Accept the call, or raise BadSignature or StaleSignature."""
    check(header, _digest(secret, signed_text(given_time(header), method, path, body)), now)


def given_time(header: str | None) -> int:
    """The unix seconds that a header's signature is of; raises BadSignature."""
    return _read(header)[0]


def check(header: str | None, digest: str, now: float) -> None:
    """As `verify`, where the digest of `signed_text` in hexadecimal was made by somebody else."""
    timestamp, given = _read(header)
    if not hmac.compare_digest(given.encode(), digest.encode()):
        raise BadSignature
    if abs(now - timestamp) > REPLAY_WINDOW_SECONDS:
        raise StaleSignature


def _read(header: str | None) -> tuple[int, str]:
    fields = dict(part.partition("=")[::2] for part in (header or "").split(","))
    # isascii too: str.isdecimal accepts digits of other scripts, and int() then reads them.
    time = fields.get("t", "")
    if not (time.isdecimal() and time.isascii() and len(time) <= _MOST_DIGITS):
        raise BadSignature
    return int(time), fields.get("v1", "")


def _digest(secret: str, text: bytes) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
