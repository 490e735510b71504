"""ID tokens: signed by the provider, for us, for this log-in, just now."""

from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

# By a key pair alone: with HMAC our own client secret would sign, and "none" is no signature.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
_SKEW_SECONDS = 60
_LONGEST_SUBJECT = 255


class UnknownKey(Exception):
    """The token is signed by a key that the provider did not list when it was asked."""


class BadToken(Exception):
    """The token is not what it should be; the text says why, for the log."""


def claims_of(
    text: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, clock: Callable[[], float]
) -> dict[str, Any]:
    """What the token says; raises UnknownKey or BadToken."""
    try:
        claims = jwt.decode(text, keys, algorithms=ALGORITHMS).claims
        _registry(issuer, client_id, nonce, clock).validate(claims)
    except InvalidKeyIdError as error:
        raise UnknownKey(str(error)) from error
    except (JoseError, ValueError, TypeError) as error:
        raise BadToken(f"{type(error).__name__}: {error}") from error
    _check_parties(claims, client_id)
    return claims


def _registry(issuer: str, client_id: str, nonce: str, clock: Callable[[], float]) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(clock()),
        leeway=_SKEW_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )


def _check_parties(claims: dict[str, Any], client_id: str) -> None:
    """A token for several is for who is named as its `azp`; raises BadToken."""
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", client_id) != client_id or (several and "azp" not in claims):
        raise BadToken("it was given to another client")
    if not isinstance(claims["nonce"], str) or len(claims["sub"]) > _LONGEST_SUBJECT:
        raise BadToken("its nonce or sub is no such text")
