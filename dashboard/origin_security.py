"""What the dashboard asks origin about how its user gets in: second factor, passkeys, providers, sessions."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import httpx

from dashboard.origin_answers import decode
from dashboard.origin_types import Identity, MailSent, Passkey, RecoveryCodes, SecondFactor, SessionInfo, TotpSecret

FACTOR = "/me/second-factor"
PASSKEYS = "/me/passkeys"
IDENTITIES = "/me/identities"


class SecurityCalls:
    """Part of OriginClient, whose way of sending it is given. Each call takes the user's access token."""

    def __init__(self, send: Callable[..., Awaitable[httpx.Response]]) -> None:
        self._send = send

    async def change_password(self, token: str, current: str, password: str) -> None:
        """Every other session of the user ends."""
        fields = {"currentPassword": current, "password": password}
        await self._send("POST", "/me/password", token=token, json=fields)

    async def change_email(self, token: str, email: str, password: str) -> str:
        """Have a letter sent to the new address; what origin says of it."""
        fields = {"email": email, "password": password}
        return decode(await self._send("POST", "/me/email", token=token, json=fields), MailSent).message

    async def delete_account(self, token: str, password: str) -> None:
        await self._send("DELETE", "/me", token=token, json={"password": password})

    async def second_factor(self, token: str) -> SecondFactor:
        return decode(await self._send("GET", FACTOR, token=token), SecondFactor)

    async def enrol(self, token: str, password: str) -> TotpSecret:
        """A secret for an authenticator app."""
        return decode(await self._send("POST", FACTOR, token=token, json={"password": password}), TotpSecret)

    async def confirm(self, token: str, code: str) -> list[str]:
        """Switch the second factor on; the recovery codes."""
        answer = await self._send("POST", f"{FACTOR}/confirm", token=token, json={"code": code})
        return decode(answer, RecoveryCodes).recovery_codes

    async def renew_codes(self, token: str, both: dict[str, str]) -> list[str]:
        """New recovery codes, for the password and a code."""
        answer = await self._send("POST", f"{FACTOR}/recovery-codes", token=token, json=both)
        return decode(answer, RecoveryCodes).recovery_codes

    async def switch_off(self, token: str, both: dict[str, str]) -> None:
        await self._send("DELETE", FACTOR, token=token, json=both)

    async def passkeys(self, token: str) -> list[Passkey]:
        return decode(await self._send("GET", PASSKEYS, token=token), list[Passkey])

    async def passkey_options(self, token: str, proof: dict[str, str]) -> dict[str, Any]:
        """What the browser's script takes to make a passkey."""
        return decode(await self._send("POST", f"{PASSKEYS}/options", token=token, json=proof), dict[str, Any])

    async def add_passkey(self, token: str, name: str, credential: dict[str, Any]) -> None:
        await self._send("POST", PASSKEYS, token=token, json={"name": name, "credential": credential})

    async def rename_passkey(self, token: str, passkey_id: str, name: str) -> None:
        await self._send("PATCH", f"{PASSKEYS}/{quote(passkey_id, safe='')}", token=token, json={"name": name})

    async def delete_passkey(self, token: str, passkey_id: str, password: str) -> None:
        path = f"{PASSKEYS}/{quote(passkey_id, safe='')}"
        await self._send("DELETE", path, token=token, json={"password": password})

    async def identities(self, token: str) -> list[Identity]:
        return decode(await self._send("GET", IDENTITIES, token=token), list[Identity])

    async def unlink(self, token: str, identity_id: str, password: str) -> None:
        path = f"{IDENTITIES}/{quote(identity_id, safe='')}"
        await self._send("DELETE", path, token=token, json={"password": password})

    async def sessions(self, token: str) -> list[SessionInfo]:
        return decode(await self._send("GET", "/me/sessions", token=token), list[SessionInfo])

    async def end_session(self, token: str, session_id: str) -> None:
        await self._send("DELETE", f"/me/sessions/{quote(session_id, safe='')}", token=token)

    async def end_sessions(self, token: str) -> None:
        await self._send("DELETE", "/me/sessions", token=token)
