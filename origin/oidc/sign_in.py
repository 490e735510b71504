"""The way to a provider and back: the authorization code flow with PKCE, state and nonce.

The state is the token of a step (accounts.steps); nonce and code verifier are made of it and of the secret key. So nothing
of a log-in under way is kept but the hash of its state.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import msgspec
import structlog

from origin.oidc.calls import Calls, ProviderDown, decode
from origin.oidc.discovery import Discovery, Metadata
from origin.oidc.id_token import BadToken, UnknownKey, claims_of
from origin.oidc.providers import Provider, read
from origin.problems import NotFound, Unauthorized

_OK = 200
_log = structlog.get_logger("origin.oidc")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, in a provider's words. The pair of issuer and subject never changes; an address may."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str


class _Tokens(msgspec.Struct):
    id_token: str
    access_token: str = ""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Sends people to providers, and reads what they bring back."""

    providers: dict[str, Provider]
    discovery: Discovery
    secret_key: str
    dashboard_url: str
    clock: Callable[[], float] = time.time

    def provider(self, provider_id: str) -> Provider:
        """The provider; raises NotFound."""
        if provider_id not in self.providers:
            raise NotFound(f"There is no provider {provider_id} here.")
        return self.providers[provider_id]

    async def address(self, provider: Provider, state: str) -> str:
        """Where to send somebody's browser; raises ProviderDown."""
        try:
            metadata = await self.discovery.metadata(provider)
        except ProviderDown as error:
            _log.warning("a provider is down", provider=provider.id, why=error.reason)
            raise
        challenge = hashlib.sha256(self._derive(state, b"verifier").encode()).digest()
        query = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": self._redirect_uri(provider),
            "scope": " ".join(provider.scopes),
            "state": state,
            "nonce": self._derive(state, b"nonce"),
            "code_challenge": _encode(challenge),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(query)}"

    async def identify(self, provider: Provider, state: str, code: str, issuer: str) -> Identity:
        """Who came back with this code; raises Unauthorized, or ProviderDown. `issuer` is the answer's `iss`, or ""."""
        try:
            claims = await self._ask(provider, state, code, issuer)
        except BadToken as error:
            _log.warning("a provider's answer was refused", provider=provider.id, why=str(error))
            raise Unauthorized(f"{provider.name} gave an answer that is not right: begin again.") from error
        except ProviderDown as error:
            _log.warning("a provider is down", provider=provider.id, why=error.reason)
            raise
        return _identity(provider, claims)

    async def _ask(self, provider: Provider, state: str, code: str, issuer: str) -> dict[str, Any]:
        """The claims about who came back; raises BadToken or ProviderDown."""
        metadata = await self.discovery.metadata(provider)
        if (issuer or metadata.authorization_response_iss_parameter_supported) and issuer != provider.issuer:
            raise BadToken(f"the answer is of the issuer {issuer[:100]!r}")
        tokens = await self._redeem(provider, metadata, state, code)
        claims = await self._claims(provider, tokens.id_token, self._derive(state, b"nonce"))
        if "email" not in claims and metadata.userinfo_endpoint and tokens.access_token:
            claims |= await self._userinfo(metadata, tokens.access_token, str(claims["sub"]))
        return claims

    async def _redeem(self, provider: Provider, metadata: Metadata, state: str, code: str) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri(provider),
            "client_id": provider.client_id,
            "code_verifier": self._derive(state, b"verifier"),
        }
        headers = {}
        if provider.client_secret and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            both = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(both.encode()).decode()}"
        elif provider.client_secret:
            form["client_secret"] = provider.client_secret
        url = metadata.token_endpoint
        status, body = await self.discovery.calls.ask("POST", url, data=form, headers=headers)
        if status != _OK:
            raise BadToken(f"the code was refused with status {status}")
        tokens: _Tokens = decode(body, _Tokens, url)
        return tokens

    async def _claims(self, provider: Provider, text: str, nonce: str) -> dict[str, Any]:
        """What the ID token says. A key that is not known may be new: providers change theirs."""
        for again in (False, True):
            keys = await self.discovery.keys(provider, again=again)
            try:
                return claims_of(
                    text, keys, issuer=provider.issuer, client_id=provider.client_id, nonce=nonce, clock=self.clock
                )
            except UnknownKey as error:
                unknown = error
        raise BadToken(str(unknown))

    async def _userinfo(self, metadata: Metadata, token: str, subject: str) -> dict[str, Any]:
        url = metadata.userinfo_endpoint
        status, body = await self.discovery.calls.ask("GET", url, headers={"Authorization": f"Bearer {token}"})
        if status != _OK:
            raise BadToken(f"userinfo answers with status {status}")
        found: dict[str, Any] = decode(body, dict[str, Any], url)
        if found.get("sub") != subject:
            raise BadToken("userinfo is about somebody else")
        return {name: found[name] for name in ("email", "email_verified", "name") if name in found}

    def _redirect_uri(self, provider: Provider) -> str:
        """One for each provider, so that none can send another's answer."""
        return f"{self.dashboard_url}/login/oidc/{provider.id}"

    def _derive(self, state: str, purpose: bytes) -> str:
        return _encode(
            hmac.new(self.secret_key.encode(), b"oidc " + purpose + b" " + state.encode(), "sha256").digest()
        )


def sign_in(
    providers: str,
    secret_key: str,
    dashboard_url: str,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], float] = time.time,
) -> SignIn:
    """That of an installation with this setting; raises BadSetting. `transport` stands in for the network."""
    return SignIn(read(providers), Discovery(Calls(transport), clock), secret_key, dashboard_url, clock)


def _identity(provider: Provider, claims: dict[str, Any]) -> Identity:
    email, name = claims.get("email"), claims.get("name")
    return Identity(
        issuer=provider.issuer,
        subject=str(claims["sub"]),
        email=email.strip().lower() if isinstance(email, str) else "",
        email_verified=claims.get("email_verified") is True,  # "true" as text is what nobody promised
        name=name[:100].replace("\0", "") if isinstance(name, str) else "",
    )


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
