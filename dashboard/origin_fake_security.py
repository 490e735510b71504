"""The security settings of the origin in memory: one second factor, whose app shows the same code for ever."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.origin_fake_accounts import (
    EMAIL,
    PASSWORD,
    FakeAccounts,
    Problem,
    good_address,
    good_password,
)

CODE, SECRET = "123456", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_QR = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 4'%3E%3Cpath d='M0 0h2v2H0z'/%3E%3C/svg%3E"


@dataclass
class FakeSecurity:
    """Read and set `sessions`; `recovery_codes` are those that are left."""

    accounts: FakeAccounts
    recovery_codes: list[str] = field(default_factory=list)
    sessions: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"ses_1": session("ses_1", "A browser", current=True)}
    )

    passkeys: dict[str, dict[str, Any]] = field(default_factory=dict)

    providers: list[dict[str, str]] = field(default_factory=list)
    states: set[str] = field(default_factory=set)
    identities: dict[str, dict[str, Any]] = field(default_factory=dict)
    provider_down: bool = False

    def renew(self) -> Response:
        self.recovery_codes = [secrets.token_hex(8) for _ in range(10)]
        return JSONResponse({"recoveryCodes": self.recovery_codes})

    def use(self, code: str) -> bool:
        """Whether a code is right; a recovery code is used up."""
        if code in self.recovery_codes:
            self.recovery_codes.remove(code)
            return True
        return code == CODE


def session(name: str, user_agent: str, *, current: bool = False) -> dict[str, Any]:
    """A session as the API lists it."""
    now = datetime.now(UTC).isoformat()
    times = {"createdAt": now, "lastUsedAt": now, "expiresAt": now}
    return {"id": name, "current": current, "address": "192.0.2.1", "userAgent": user_agent, **times}


def passkey(name: str, label: str) -> dict[str, Any]:
    """A passkey as the API lists it."""
    made = datetime.now(UTC).isoformat()
    return {"id": name, "name": label, "backedUp": True, "createdAt": made, "lastUsedAt": None}


def identity(name: str, issuer: str) -> dict[str, Any]:
    """A linked identity as the API lists it."""
    now = datetime.now(UTC).isoformat()
    return {"id": name, "issuer": issuer, "email": EMAIL, "createdAt": now, "lastUsedAt": now}


@dataclass(frozen=True)
class SecurityRoutes:
    """`note` sees each request first, `allow` those of who is logged in; `let_in` makes the answer of a log-in."""

    state: FakeSecurity
    note: Callable[[Request], None]
    allow: Callable[[Request], None]
    let_in: Callable[[str, int], Response]

    def routes(self) -> list[BaseRoute]:
        factor = "/api/v1/me/second-factor"
        return [
            Route("/api/v1/auth/second-factor", self._finish, methods=["POST"]),
            Route(factor, self._show),
            Route(factor, self._enrol, methods=["POST"]),
            Route(factor, self._switch_off, methods=["DELETE"]),
            Route(f"{factor}/confirm", self._confirm, methods=["POST"]),
            Route(f"{factor}/recovery-codes", self._renew, methods=["POST"]),
            *self._passkey_routes(),
            Route("/api/v1/auth/oidc", self._providers),
            Route("/api/v1/auth/oidc/{provider}/start", self._oidc_start, methods=["POST"]),
            Route("/api/v1/auth/oidc/{provider}/finish", self._oidc_finish, methods=["POST"]),
            Route("/api/v1/me/identities", self._identities),
            Route("/api/v1/me/identities/{id}", self._identity, methods=["DELETE"]),
            Route("/api/v1/me", self._delete_account, methods=["DELETE"]),
            Route("/api/v1/me/password", self._change_password, methods=["POST"]),
            Route("/api/v1/me/email", self._change_email, methods=["POST"]),
            Route("/api/v1/me/sessions", self._sessions, methods=["GET", "DELETE"]),
            Route("/api/v1/me/sessions/{id}", self._session, methods=["DELETE"]),
        ]

    async def _delete_account(self, request: Request) -> Response:
        await self._proved(request)
        del self.state.accounts.passwords[EMAIL]
        return Response(status_code=204)

    async def _change_password(self, request: Request) -> Response:
        self.allow(request)
        body = await request.json()
        if body["currentPassword"] != self.state.accounts.passwords[EMAIL]:
            raise Problem(403, "currentPassword: it is wrong.")
        self.state.accounts.passwords[EMAIL] = good_password(body["password"])
        return Response(status_code=204)

    async def _change_email(self, request: Request) -> Response:
        await self._proved(request)
        email = good_address((await request.json())["email"])
        self.state.accounts.write("change_email", email, old_email=EMAIL)
        return JSONResponse({"message": "A letter is on its way to the new address: open its link to go on."}, 202)

    def _passkey_routes(self) -> list[BaseRoute]:
        """Any credential with an `id` is a passkey here: the checks are the real origin's."""
        return [
            Route("/api/v1/auth/passkey/options", self._passkey_login_options, methods=["POST"]),
            Route("/api/v1/auth/passkey", self._passkey_login, methods=["POST"]),
            Route("/api/v1/me/passkeys", self._passkeys, methods=["GET", "POST"]),
            Route("/api/v1/me/passkeys/options", self._passkey_options, methods=["POST"]),
            Route("/api/v1/me/passkeys/{id}", self._passkey, methods=["PATCH", "DELETE"]),
        ]

    async def _passkey_login_options(self, request: Request) -> Response:
        self.note(request)
        if (await request.json())["token"] not in {"", self.state.accounts.step}:
            raise Problem(422, "token: it is not valid, or no longer. Begin again.")
        return JSONResponse({"publicKey": {"challenge": "AAAA", "rpId": "localhost", "allowCredentials": []}})

    async def _passkey_login(self, request: Request) -> Response:
        self.note(request)
        if (await request.json())["credential"].get("id") not in self.state.passkeys:
            raise Problem(401, "This passkey opens no account here.")
        return self.let_in(EMAIL, 200)

    async def _passkey_options(self, request: Request) -> Response:
        await self._proved(request, with_code=self.state.accounts.second_factor)
        user = {"id": "AAAA", "name": EMAIL, "displayName": EMAIL}
        options = {"rp": {"id": "localhost", "name": "Nearhop"}, "user": user, "challenge": "AAAA"}
        return JSONResponse({"publicKey": {**options, "pubKeyCredParams": [{"type": "public-key", "alg": -7}]}})

    async def _passkeys(self, request: Request) -> Response:
        self.allow(request)
        if request.method == "GET":
            return JSONResponse(list(self.state.passkeys.values()))
        body = await request.json()
        if "id" not in body["credential"]:
            raise Problem(422, "credential: Object missing required field `id`.")
        made = passkey(body["credential"]["id"], body["name"])
        self.state.passkeys[made["id"]] = made
        return JSONResponse(made, 201)

    async def _passkey(self, request: Request) -> Response:
        self.allow(request)
        found, body = self.state.passkeys.get(request.path_params["id"]), await request.json()
        if found is None:
            raise Problem(404, "You have no such passkey.")
        if request.method == "PATCH":
            found["name"] = body["name"]
            return JSONResponse(found)
        await self._proved(request)
        del self.state.passkeys[found["id"]]
        return Response(status_code=204)

    async def _providers(self, request: Request) -> Response:
        self.note(request)
        return JSONResponse(self.state.providers)

    async def _oidc_start(self, request: Request) -> Response:
        self._ask_provider(request)
        self.state.states.add(state := secrets.token_urlsafe(8))
        return JSONResponse({"authorizationUrl": f"https://provider.test/auth?state={state}", "state": state})

    async def _oidc_finish(self, request: Request) -> Response:
        """The code that is the right one is `good`."""
        self._ask_provider(request)
        body = await request.json()
        if body["state"] not in self.state.states:
            raise Problem(422, "state: it is not valid, or no longer. Begin again.")
        self.state.states.remove(body["state"])
        if body["code"] != "good":
            raise Problem(401, "The provider gave an answer that is not right: begin again.")
        return self.let_in(EMAIL, 200)

    def _ask_provider(self, request: Request) -> None:
        self.note(request)
        if request.path_params["provider"] not in {each["id"] for each in self.state.providers}:
            raise Problem(404, "There is no such provider here.")
        if self.state.provider_down:
            raise Problem(503, "The provider does not answer, or not as it should.")

    async def _identities(self, request: Request) -> Response:
        self.allow(request)
        return JSONResponse(list(self.state.identities.values()))

    async def _identity(self, request: Request) -> Response:
        await self._proved(request)
        if self.state.identities.pop(request.path_params["id"], None) is None:
            raise Problem(404, "You have no such linked identity.")
        return Response(status_code=204)

    async def _finish(self, request: Request) -> Response:
        self.note(request)
        body = await request.json()
        if not self.state.accounts.step or body["token"] != self.state.accounts.step:
            raise Problem(422, "token: it is not valid, or no longer. Begin again.")
        if not self.state.use(body["code"]):
            raise Problem(401, "The code is wrong, or was used before.")
        self.state.accounts.step = ""
        return self.let_in(EMAIL, 200)

    async def _show(self, request: Request) -> Response:
        self.allow(request)
        on = self.state.accounts.second_factor
        since = datetime.now(UTC).isoformat() if on else None
        return JSONResponse({"enabled": on, "enabledAt": since, "recoveryCodesLeft": len(self.state.recovery_codes)})

    async def _enrol(self, request: Request) -> Response:
        await self._proved(request)
        uri = f"otpauth://totp/Nearhop:{EMAIL}?secret={SECRET}&issuer=Nearhop"
        return JSONResponse({"secret": SECRET, "uri": uri, "qr": _QR}, 201)

    async def _confirm(self, request: Request) -> Response:
        self.allow(request)
        if (await request.json())["code"] != CODE:
            raise Problem(403, "code: it is wrong. Take the one that the app shows now.")
        self.state.accounts.second_factor = True
        return self.state.renew()

    async def _renew(self, request: Request) -> Response:
        await self._proved(request, with_code=True)
        return self.state.renew()

    async def _switch_off(self, request: Request) -> Response:
        await self._proved(request, with_code=True)
        self.state.accounts.second_factor = False
        self.state.recovery_codes.clear()
        return Response(status_code=204)

    async def _sessions(self, request: Request) -> Response:
        self.allow(request)
        if request.method == "GET":
            return JSONResponse(list(self.state.sessions.values()))
        self.state.sessions.clear()
        return Response(status_code=204)

    async def _session(self, request: Request) -> Response:
        self.allow(request)
        if self.state.sessions.pop(request.path_params["id"], None) is None:
            raise Problem(404, "You have no such session.")
        return Response(status_code=204)

    async def _proved(self, request: Request, *, with_code: bool = False) -> None:
        self.allow(request)
        body = await request.json()
        if body["password"] != PASSWORD:
            raise Problem(403, "password: it is wrong.")
        if with_code and not self.state.use(body["code"]):
            raise Problem(403, "code: it is wrong, or was used before.")
