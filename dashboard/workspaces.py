"""The workspaces that one is in: choosing one, making one, its settings and its end."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from wtforms.fields.choices import SelectChoice

from dashboard.accounts import HOME
from dashboard.errors import Refused
from dashboard.members import here
from dashboard.pages import go
from dashboard.sessions import remember_workspace
from dashboard.site import Site
from dashboard.team_forms import DeleteForm, SettingsForm, TransferForm, WorkspaceForm

PATH, SETTINGS = "/workspaces", "/settings"


class Workspaces:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        return await self._list(request, WorkspaceForm(request))

    async def create(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        form = await WorkspaceForm.from_formdata(request)
        if not await form.validate():
            return await self._list(request, form, 422)
        try:
            made = await self._site.client.team.create_workspace(token, form.name.data)
        except Refused as error:
            form.refuse(error)
            return await self._list(request, form, error.status)
        remember_workspace(request.session, made)
        return go(HOME)

    async def choose(self, request: Request) -> Response:
        token = await self._site.sessions.token(request)
        wanted = request.path_params["workspace_id"]
        mine = await self._site.client.team.workspaces(token)
        for each in mine:
            if each.id == wanted:
                remember_workspace(request.session, each)
                return go(HOME)
        return go(PATH)  # gone meanwhile

    async def _list(self, request: Request, form: WorkspaceForm, status: int = 200) -> Response:
        token = await self._site.sessions.token(request)
        mine = await self._site.client.team.workspaces(token)
        chosen = request.session.get("workspace", {}).get("id") or (mine[0].id if mine else "")
        return self._site.pages.page(request, "workspaces.html", status, form=form, workspaces=mine, chosen=chosen)


class Settings:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: Request) -> Response:
        token, _, workspace = await here(self._site, request)
        workspace, etag = await self._site.client.team.workspace(token, workspace.id)
        form = SettingsForm(request)
        form.show(workspace, etag)
        return await self._page(request, form)

    async def save(self, request: Request) -> Response:
        token, _, workspace = await here(self._site, request)
        form = await SettingsForm.from_formdata(request)
        if not await form.validate():
            return await self._page(request, form, status=422)
        try:
            await self._site.client.team.change_workspace(token, workspace.id, form.body(), form.etag.data)
        except Refused as error:
            form.refuse(error)
            return await self._page(request, form, status=error.status)
        request.session["workspace"] |= {"name": form.name.data}
        request.session["flash"] = "Settings saved."
        return go(SETTINGS)

    async def transfer(self, request: Request) -> Response:
        token, _, workspace = await here(self._site, request)
        form = await TransferForm.from_formdata(request)
        await self._site.client.team.transfer(token, workspace.id, form.user_id.data or "")
        request.session["flash"] = "Handed over. You are an admin of this workspace now."
        return go(SETTINGS)

    async def delete(self, request: Request) -> Response:
        """Only with the slug typed in: links in print stop working, and nothing brings them back."""
        token, _, workspace = await here(self._site, request)
        form = await DeleteForm.from_formdata(request)
        if form.confirm.data != workspace.slug:
            form.confirm.errors = [f"Type {workspace.slug} to delete the workspace."]
            return await self._deleting(request, form, 422)
        await self._site.client.team.delete_workspace(token, workspace.id)
        request.session.pop("workspace", None)
        request.session["flash"] = f"{workspace.name} is deleted."
        return go(PATH)

    async def confirm_delete(self, request: Request) -> Response:
        return await self._deleting(request, DeleteForm(request))

    async def _deleting(self, request: Request, form: DeleteForm, status: int = 200) -> Response:
        _, _, workspace = await here(self._site, request)
        return self._site.pages.page(request, "workspace_delete.html", status, form=form, workspace=workspace)

    async def _page(self, request: Request, form: SettingsForm, status: int = 200) -> Response:
        token, me, workspace = await here(self._site, request)
        team = self._site.client.team
        domains, members = await asyncio.gather(team.domains(token), team.members(token, workspace.id))
        own = [each.slug for each in domains if each.verified]
        form.default_domain.choices = [SelectChoice("", "The shared one"), *(SelectChoice(slug) for slug in own)]
        transfer = TransferForm(request, formdata=None)
        transfer.user_id.choices = [
            SelectChoice(each.user_id, each.email) for each in members if each.user_id != me.user.id
        ]
        return self._site.pages.page(
            request, "settings.html", status, form=form, transfer=transfer, workspace=workspace,
            manages=workspace.may("workspace.write"), owns=workspace.may("workspace.own"),
        )  # fmt: skip
