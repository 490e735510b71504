"""Who is in the workspace, and who is invited."""

import asyncio
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from dashboard.errors import NotThere, Refused
from dashboard.forms import ConfirmForm
from dashboard.pages import go
from dashboard.sessions import remember_workspace
from dashboard.site import Site
from dashboard.team_forms import InviteForm
from dashboard.team_types import ROLES, Me, Workspace

PATH = "/members"


class Members:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        return await self._page(request, InviteForm(request))

    async def invite(self, request: Request) -> Response:
        token, _, workspace = await here(self._site, request)
        form = await InviteForm.from_formdata(request)
        if not await form.validate():
            return await self._page(request, form, 422)
        try:
            await self._site.client.team.invite(token, workspace.id, form.email.data, form.role.data)
        except Refused as error:
            form.refuse(error)
            return await self._page(request, form, error.status)
        request.session["flash"] = f"A letter with the invitation is on its way to {form.email.data}."
        return go(PATH)

    async def change_role(self, request: Request) -> Response:
        token, _, workspace = await here(self._site, request)
        role = str((await request.form()).get("role", ""))
        await self._site.client.team.change_role(token, workspace.id, request.path_params["user_id"], role)
        request.session["flash"] = "Role changed."
        return go(PATH)

    async def confirm_remove(self, request: Request) -> Response:
        token, me, workspace = await here(self._site, request)
        members = await self._site.client.team.members(token, workspace.id)
        member = next((each for each in members if each.user_id == request.path_params["user_id"]), None)
        if member is None:
            return go(PATH)  # removed already, in another window
        return self._site.pages.page(
            request, "member_remove.html", member=member, workspace=workspace, form=ConfirmForm(request),
            myself=member.user_id == me.user.id,
        )  # fmt: skip

    async def remove(self, request: Request) -> Response:
        token, me, workspace = await here(self._site, request)
        user_id = request.path_params["user_id"]
        if user_id == me.user.id:
            await self._site.client.team.leave(token, workspace.id)
            request.session.pop("workspace", None)
            request.session["flash"] = f"You have left {workspace.name}."
            return go("/workspaces")
        await self._site.client.team.remove_member(token, workspace.id, user_id)
        request.session["flash"] = "Removed. Their API keys for this workspace have ended as well."
        return go(PATH)

    async def resend(self, request: Request) -> Response:
        token, _, workspace = await here(self._site, request)
        await self._site.client.team.resend_invitation(token, workspace.id, request.path_params["invitation_id"])
        request.session["flash"] = "Sent again. The letter is good for another 7 days."
        return go(PATH)

    async def revoke(self, request: Request) -> Response:
        token, _, workspace = await here(self._site, request)
        await self._site.client.team.revoke_invitation(token, workspace.id, request.path_params["invitation_id"])
        request.session["flash"] = "Invitation revoked. Its letter is worth nothing now."
        return go(PATH)

    async def _page(self, request: Request, form: InviteForm, status: int = 200) -> Response:
        token, me, workspace = await here(self._site, request)
        team = self._site.client.team
        members, invitations = await asyncio.gather(
            team.members(token, workspace.id), team.invitations(token, workspace.id)
        )
        return self._site.pages.page(
            request, "members.html", status, form=form, me=me, workspace=workspace, members=members,
            invitations=invitations, now=datetime.now(UTC), roles=roles_of(workspace),
            manages=workspace.may("members.write"),
        )  # fmt: skip


def roles_of(workspace: Workspace) -> tuple[str, ...]:
    """The roles that one may give: none above one's own."""
    return ROLES[: ROLES.index(workspace.role) + 1] if workspace.role in ROLES else ()


async def here(site: Site, request: Request) -> tuple[str, Me, Workspace]:
    """The access token, who is logged in, and the workspace that the pages are about; raises NotThere without one."""
    token = await site.sessions.token(request)
    me = await site.client.team.me(token)
    workspace = me.workspace
    if workspace is None:
        raise NotThere
    remember_workspace(request.session, workspace)
    return token, me, workspace
