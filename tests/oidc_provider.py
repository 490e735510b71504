"""Providers of OpenID Connect for the tests: a real one in Node, and one that says whatever a test wants it to."""

import asyncio
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.conftest import unused_port

CLIENT_ID, CLIENT_SECRET = "nearhop", "a client secret: with % and +"
START_SECONDS = 30.0
_ACTION = re.compile(r'<form[^>]*action="([^"]+)"')


def setting(issuer: str, provider_id: str = "acme", **more: Any) -> str:
    """NEARHOP_OIDC_PROVIDERS for one provider."""
    provider = {"id": provider_id, "name": "Acme", "issuer": issuer}
    return json.dumps([{**provider, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **more}])


@contextmanager
def real_provider(redirect_uri: str) -> Iterator[str]:
    """The issuer of npm's oidc-provider while it runs."""
    port = unused_port()
    command = ["node", "tests/oidc_provider.mjs", str(port), CLIENT_ID, CLIENT_SECRET, redirect_uri]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        killer = threading.Timer(START_SECONDS, process.kill)
        killer.start()
        try:
            assert process.stdout.readline() == "ready\n"
            killer.cancel()
            yield f"http://127.0.0.1:{port}"
        finally:
            killer.cancel()
            process.terminate()


async def walk(url: str, name: str, until: str) -> dict[str, str]:
    """Log in at the provider as a browser without scripts would; the query that comes back to an address below `until`."""
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url)
        for _ in range(20):
            location = answer.headers.get("location")
            if location and urljoin(str(answer.url), location).startswith(until):
                return {key: values[0] for key, values in parse_qs(urlsplit(location).query).items()}
            if location:
                answer = await browser.get(urljoin(str(answer.url), location))
                continue
            form = _ACTION.search(answer.text)
            assert form, answer.text
            prompt = "login" if 'name="login"' in answer.text else "consent"
            fields = {"prompt": prompt, "login": name, "password": "any"}
            answer = await browser.post(urljoin(str(answer.url), form[1]), data=fields)
    raise AssertionError("the provider goes round in circles")


@dataclass
class FakeProvider:
    """Says what it is set to: `claims` over the right ones, `sign` for tokens of another make; counts what it was asked."""

    issuer: str = "https://fake.example"
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}, auto_kid=False))
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    signer: RSAKey | None = None
    token: str = ""  # instead of a signed one
    nonce: str = ""  # of the log-in under way: a test takes it from the address
    status: int = 200
    padding: int = 0
    hangs: bool = False
    asked: list[str] = field(default_factory=list)
    form: dict[str, str] = field(default_factory=dict)

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        routes = [
            Route("/.well-known/openid-configuration", self._metadata),
            Route("/keys", self._keys),
            Route("/token", self._token, methods=["POST"]),
            Route("/userinfo", self._userinfo),
        ]
        return httpx.ASGITransport(Starlette(routes=routes))

    async def _metadata(self, request: Request) -> Response:
        await self._note(request)
        paths = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
        addresses = {name: f"{self.issuer}/{path}" for name, path in paths.items()}
        userinfo = {"userinfo_endpoint": f"{self.issuer}/userinfo"}
        found = {"issuer": self.issuer, **addresses, **userinfo, **self.metadata, "padding": "x" * self.padding}
        return JSONResponse(found, self.status)

    async def _keys(self, request: Request) -> Response:
        await self._note(request)
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _token(self, request: Request) -> Response:
        await self._note(request)
        self.form = {name: str(value) for name, value in parse_qs((await request.body()).decode()).items()}
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT_ID, "sub": "s-1", "iat": now, "exp": now + 300, "nonce": self.nonce}
        claims = {name: value for name, value in {**right, **self.claims}.items() if value is not None}
        signer = self.signer or self.key
        token = self.token or jwt.encode({"alg": "RS256", "kid": signer.kid}, claims, signer)
        return JSONResponse({"id_token": token, "access_token": "access", "token_type": "Bearer"}, self.status)

    async def _userinfo(self, request: Request) -> Response:
        await self._note(request)
        return JSONResponse(self.userinfo or {}, 200 if self.userinfo else 404)

    async def _note(self, request: Request) -> None:
        self.asked.append(request.url.path)
        if self.hangs:
            await asyncio.sleep(60)
