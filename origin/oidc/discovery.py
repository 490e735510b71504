"""What a provider says of itself: its addresses and its keys, asked for when they are needed and kept for an hour."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from origin.oidc.calls import Calls, ProviderDown, decode
from origin.oidc.providers import Provider, is_safe

_KEPT_SECONDS = 3600.0
# A token of an unknown key makes us look again, but not more often than this: anybody can make up such a token.
_KEYS_AGAIN_SECONDS = 60.0
_OK = 200


class Metadata(msgspec.Struct):
    """The part of `/.well-known/openid-configuration` that is used here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False

    def addresses(self) -> list[str]:
        """Every address that is called, or sent somebody to."""
        found = [self.authorization_endpoint, self.token_endpoint, self.jwks_uri]
        return [*found, *([self.userinfo_endpoint] if self.userinfo_endpoint else [])]


@dataclass(slots=True)
class _Kept:
    metadata: Metadata
    keys: KeySet
    since: float
    keys_since: float


@dataclass(slots=True)
class Discovery:
    """Finds out and remembers. `clock` gives Unix seconds."""

    calls: Calls
    clock: Callable[[], float] = time.time
    _kept: dict[str, _Kept] = field(default_factory=dict)

    async def metadata(self, provider: Provider) -> Metadata:
        """Its addresses; raises ProviderDown."""
        return (await self._look(provider)).metadata

    async def keys(self, provider: Provider, *, again: bool = False) -> KeySet:
        """The keys that it signs with; `again`: asked for anew, if that was not just done. Raises ProviderDown."""
        kept = await self._look(provider)
        if again and self.clock() - kept.keys_since >= _KEYS_AGAIN_SECONDS:
            kept.keys_since = self.clock()
            kept.keys = await self._keys(kept.metadata)
        return kept.keys

    async def _look(self, provider: Provider) -> _Kept:
        kept = self._kept.get(provider.id)
        if kept is None or self.clock() - kept.since >= _KEPT_SECONDS:
            metadata = await self._metadata(provider)
            now = self.clock()
            kept = self._kept[provider.id] = _Kept(metadata, await self._keys(metadata), now, now)
        return kept

    async def _metadata(self, provider: Provider) -> Metadata:
        url = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        status, body = await self.calls.ask("GET", url)
        if status != _OK:
            raise ProviderDown(f"status {status} at {url}")
        found: Metadata = decode(body, Metadata, url)
        if found.issuer != provider.issuer:
            raise ProviderDown(f"{url} is about the issuer {found.issuer!r}")
        if not all(is_safe(each, provider.issuer) for each in found.addresses()):
            raise ProviderDown(f"{url} names an address without https")
        return found

    async def _keys(self, metadata: Metadata) -> KeySet:
        status, body = await self.calls.ask("GET", metadata.jwks_uri)
        if status != _OK:
            raise ProviderDown(f"status {status} at {metadata.jwks_uri}")
        try:
            return KeySet.import_key_set(decode(body, dict, metadata.jwks_uri))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderDown(f"no keys at {metadata.jwks_uri}") from error
