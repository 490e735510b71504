"""The calls about people, workspaces and the audit log. They raise what those of OriginClient do."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import httpx

from dashboard.origin_answers import decode
from dashboard.team_types import AuditLog, Domain, Invitation, InvitationShown, Joined, Me, Member, Workspace

Send = Callable[..., Awaitable[httpx.Response]]


class TeamCalls:
    """Each call but those by a letter's token alone takes a user's access token."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def me(self, token: str) -> Me:
        return decode(await self._send("GET", "/me", token=token), Me)

    async def workspaces(self, token: str) -> list[Workspace]:
        return decode(await self._send("GET", "/workspaces", token=token), list[Workspace])

    async def create_workspace(self, token: str, name: str) -> Workspace:
        return decode(await self._send("POST", "/workspaces", token=token, json={"name": name}), Workspace)

    async def workspace(self, token: str, workspace_id: str) -> tuple[Workspace, str]:
        """A workspace and its ETag."""
        answer = await self._send("GET", _workspace(workspace_id), token=token)
        return decode(answer, Workspace), answer.headers.get("ETag", "")

    async def change_workspace(self, token: str, workspace_id: str, fields: dict[str, Any], etag: str) -> None:
        headers = {"If-Match": etag} if etag else {}
        await self._send("PATCH", _workspace(workspace_id), token=token, json=fields, headers=headers)

    async def delete_workspace(self, token: str, workspace_id: str) -> None:
        await self._send("DELETE", _workspace(workspace_id), token=token)

    async def leave(self, token: str, workspace_id: str) -> None:
        await self._send("POST", f"{_workspace(workspace_id)}/leave", token=token)

    async def transfer(self, token: str, workspace_id: str, user_id: str) -> None:
        await self._send("POST", f"{_workspace(workspace_id)}/transfer", token=token, json={"userId": user_id})

    async def domains(self, token: str) -> list[Domain]:
        return decode(await self._send("GET", "/domains", token=token), list[Domain])

    async def members(self, token: str, workspace_id: str) -> list[Member]:
        return decode(await self._send("GET", f"{_workspace(workspace_id)}/members", token=token), list[Member])

    async def change_role(self, token: str, workspace_id: str, user_id: str, role: str) -> None:
        await self._send("PATCH", _member(workspace_id, user_id), token=token, json={"role": role})

    async def remove_member(self, token: str, workspace_id: str, user_id: str) -> None:
        await self._send("DELETE", _member(workspace_id, user_id), token=token)

    async def invitations(self, token: str, workspace_id: str) -> list[Invitation]:
        return decode(await self._send("GET", _invitations(workspace_id), token=token), list[Invitation])

    async def invite(self, token: str, workspace_id: str, email: str, role: str) -> None:
        await self._send("POST", _invitations(workspace_id), token=token, json={"email": email, "role": role})

    async def resend_invitation(self, token: str, workspace_id: str, invitation_id: str) -> None:
        await self._send("POST", f"{_invitations(workspace_id)}/{quote(invitation_id, safe='')}/resend", token=token)

    async def revoke_invitation(self, token: str, workspace_id: str, invitation_id: str) -> None:
        await self._send("DELETE", f"{_invitations(workspace_id)}/{quote(invitation_id, safe='')}", token=token)

    async def show_invitation(self, letter: str) -> InvitationShown:
        """What a letter's token is for; raises Refused with 410 where it is good no longer."""
        return decode(await self._send("POST", "/invitations/show", json={"token": letter}), InvitationShown)

    async def accept_invitation(self, token: str, letter: str) -> str:
        """Accept; the id of the workspace that one is in then."""
        answer = await self._send("POST", "/invitations/accept", token=token, json={"token": letter})
        return decode(answer, Joined).workspace_id

    async def audit_logs(self, token: str, params: dict[str, str]) -> list[AuditLog]:
        return decode(await self._send("GET", "/audit-logs", token=token, params=params), list[AuditLog])


def _workspace(workspace_id: str) -> str:
    return f"/workspaces/{quote(workspace_id, safe='')}"


def _member(workspace_id: str, user_id: str) -> str:
    return f"{_workspace(workspace_id)}/members/{quote(user_id, safe='')}"


def _invitations(workspace_id: str) -> str:
    return f"{_workspace(workspace_id)}/invitations"
