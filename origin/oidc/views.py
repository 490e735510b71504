"""The routes of signing in by OpenID Connect."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from origin.accounts import access, mails, steps, throttle
from origin.accounts.door import LOGIN_ANSWER
from origin.accounts.parts import AccountParts
from origin.accounts.profile import PasswordCheck
from origin.accounts.proof import prove
from origin.api import answer, read_body, route
from origin.oidc import linking
from origin.oidc.linking import LinkedIdentity
from origin.oidc.sign_in import SignIn
from origin.openapi import ANYONE, PERSON, ApiRoute, Operation
from origin.problems import Unprocessable
from origin.storage.transaction import transaction

PURPOSE = "oidc"


class ProviderInfo(msgspec.Struct):
    """A provider to choose from."""

    id: str
    name: str


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """An empty object."""


class WayOut(msgspec.Struct, rename="camel"):
    """Where to send the browser. It comes back with `state`, which the page that sent it compares with this one."""

    authorization_url: str
    state: str


class WayBack(msgspec.Struct, forbid_unknown_fields=True):
    """What the browser came back with."""

    state: Annotated[str, Meta(max_length=200)]
    code: Annotated[str, Meta(min_length=1, max_length=4096)]
    iss: Annotated[str, Meta(max_length=500)] = ""


@dataclass(frozen=True, slots=True)
class OidcViews:
    """The endpoints, with what they need."""

    parts: AccountParts
    sign_in: SignIn

    async def providers(self, request: Request) -> Response:
        del request
        return answer([ProviderInfo(each.id, each.name) for each in self.sign_in.providers.values()])

    async def begin(self, request: Request) -> Response:
        await read_body(request, Nothing)
        provider = self.sign_in.provider(request.path_params["provider"])
        await self.parts.throttle.address(throttle.BEGIN_FROM, request)
        async with transaction(request) as connection:
            state = await steps.begin(connection, PURPOSE, payload={"provider": provider.id})
        return answer(WayOut(await self.sign_in.address(provider, state), state))

    async def finish(self, request: Request) -> Response:
        """Let in who comes back. The state is spent first; no connection is held while the provider is asked."""
        body = await read_body(request, WayBack)
        provider = self.sign_in.provider(request.path_params["provider"])
        await self.parts.throttle.address(throttle.LOGIN_FROM, request)
        async with request.app.state.engine.begin() as connection:
            begun = await steps.use(connection, PURPOSE, body.state, "state")
        if begun.payload["provider"] != provider.id:
            raise Unprocessable("state: it is of another provider. Begin again.")
        who = await self.sign_in.identify(provider, body.state, body.code, body.iss)
        async with transaction(request) as connection:
            user_id = await linking.user_of(connection, provider, who)
            return await self.parts.door.recognized(request, connection, user_id)

    async def list_mine(self, request: Request) -> Response:
        caller = await access.identify(request)
        async with transaction(request) as connection:
            return answer(await linking.of_user(connection, caller.user_id))

    async def unlink(self, request: Request) -> Response:
        caller = await access.identify(request)
        body = await read_body(request, PasswordCheck)
        await prove(self.parts, request, caller, body.password)
        async with transaction(request) as connection:
            await linking.unlink(connection, caller.user_id, request.path_params["id"])
            await mails.tell_user_of_change(connection, caller.user_id, "identity_unlinked")
        return Response(status_code=204)

    def routes(self) -> list[ApiRoute]:
        """The routes below /api/v1."""
        return [
            route(each)
            for each in (
                Operation(
                    method="GET", path="/auth/oidc", summary="List the providers of OpenID Connect to log in with",
                    tag="accounts", permission=ANYONE, endpoint=self.providers, response=list[ProviderInfo],
                ),
                Operation(
                    method="POST", path="/auth/oidc/{provider}/start", summary="Begin to log in with a provider",
                    tag="accounts", permission=ANYONE, endpoint=self.begin, body=Nothing, response=WayOut, errors=(404,),
                ),
                Operation(
                    method="POST", path="/auth/oidc/{provider}/finish", tag="accounts", permission=ANYONE,
                    summary="Log in with what the browser brought back from a provider", endpoint=self.finish,
                    body=WayBack, response=LOGIN_ANSWER, errors=(401, 403, 404, 409),
                ),
                Operation(
                    method="GET", path="/me/identities", summary="List the providers' identities that open my account",
                    tag="accounts", permission=PERSON, endpoint=self.list_mine, response=list[LinkedIdentity],
                ),
                Operation(
                    method="DELETE", path="/me/identities/{id}", summary="Unlink a provider's identity",
                    tag="accounts", permission=PERSON, endpoint=self.unlink, body=PasswordCheck, status=204,
                ),
            )
        ]  # fmt: skip
