"""What a browser's authenticator answers, as `PublicKeyCredential.toJSON()` writes it. Binary fields are base64url."""

import base64
import binascii
from typing import Annotated

import msgspec
from msgspec import Meta, field

Encoded = Annotated[str, Meta(max_length=8192)]


class NewResponse(msgspec.Struct):
    """Of `navigator.credentials.create()`."""

    client_data: Encoded = field(name="clientDataJSON")
    attestation: Encoded = field(name="attestationObject")
    transports: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=10)] = []


class UseResponse(msgspec.Struct):
    """Of `navigator.credentials.get()`."""

    client_data: Encoded = field(name="clientDataJSON")
    authenticator_data: Encoded = field(name="authenticatorData")
    signature: Encoded
    user_handle: Encoded | None = field(name="userHandle", default=None)


class NewCredential(msgspec.Struct):
    """A passkey that was just made."""

    id: Encoded
    raw_id: Encoded = field(name="rawId")
    response: NewResponse
    type: str = "public-key"


class UsedCredential(msgspec.Struct):
    """A passkey that was just used."""

    id: Encoded
    raw_id: Encoded = field(name="rawId")
    response: UseResponse
    type: str = "public-key"


class _ClientData(msgspec.Struct):
    challenge: str


def challenge_of(credential: NewCredential | UsedCredential) -> str:
    """The challenge that it answers, still encoded; "" for what can't be read."""
    try:
        return msgspec.json.decode(decode(credential.response.client_data), type=_ClientData).challenge
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def decode(encoded: str) -> bytes:
    """The bytes; none for what is not base64url."""
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (binascii.Error, ValueError):
        return b""
