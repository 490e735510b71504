"""What a password protects is encrypted in the link's KV record: docs/edge.md, "Sealed options"."""

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_PURPOSE = b"nearhop sealed options 1"
_NONCE_BYTES = 12


def seal(edge_secret: str, link_id: int, options: dict[str, Any]) -> str:
    """The text of the option `sealed`: the URL (under `url`) and the options that only the edge may read."""
    key = hmac.new(edge_secret.encode(), _PURPOSE, hashlib.sha256).digest()
    nonce = secrets.token_bytes(_NONCE_BYTES)
    text = json.dumps(options, ensure_ascii=False, separators=(",", ":")).encode()
    sealed = nonce + AESGCM(key).encrypt(nonce, text, str(link_id).encode())
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")
