"""Opens what origin sealed: the options of a link with a password are no clear text in KV (docs/edge.md)."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import replace

from redirector.ports import Runtime, Unreadable
from shared.errors import BadRecord
from shared.kv_record import KvRecord

_PURPOSE = b"nearhop sealed options 1"
_NONCE_BYTES = 12


async def unseal(runtime: Runtime, edge_secret: str, record: KvRecord) -> KvRecord:
    """The record with its sealed options among the others; raises BadRecord."""
    sealed = record.options.get("sealed")
    if sealed is None:
        return record
    key = hmac.new(edge_secret.encode(), _PURPOSE, hashlib.sha256).digest()
    try:
        data = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        clear = await runtime.decrypt(key, data[:_NONCE_BYTES], data[_NONCE_BYTES:], str(record.link_id).encode())
        options = {**record.options, **json.loads(clear)}
        url = options.pop("url")
    except (Unreadable, binascii.Error, ValueError, TypeError, KeyError) as error:
        raise BadRecord from error
    del options["sealed"]
    return replace(record, url=url, options=options)
