"""The audit log: who changed what."""

from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dashboard.audit_words import differences, sentence, summary
from dashboard.days import day
from dashboard.downloads import download
from dashboard.errors import Refused
from dashboard.members import here
from dashboard.pages import zone
from dashboard.site import Site

PATH = "/audit-log"
PAGE_SIZE = 30
_FORBIDDEN = 403
FILTERS = ("resource", "actor", "from", "to")
RESOURCES = {
    "link": "Links", "tag": "Tags", "folder": "Folders", "domain": "Domains", "api_key": "API keys", "member": "Members",
    "invitation": "Invitations", "workspace": "Workspace", "user": "Accounts", "customer": "Customers",
    "report": "Reports",
}  # fmt: skip


class AuditLogPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        """A page of what fits. One entry more than is shown is asked for: it tells whether there is another page."""
        token, _, workspace = await here(self._site, request)
        given = {name: request.query_params.get(name, "") for name in FILTERS}
        problem, entries = "", []
        params = {**self._params(request, given), "pageSize": str(PAGE_SIZE + 1)}
        before = request.query_params.get("before", "")
        after = request.query_params.get("after", "")
        cursor = {"endingBefore": before} if before else {"startingAfter": after} if after else {}
        members = await self._site.client.team.members(token, workspace.id)
        keys = await self._site.client.api_keys(token)
        try:
            entries = await self._site.client.team.audit_logs(token, {**params, **cursor})
        except Refused as error:
            if error.status == _FORBIDDEN:  # nothing on this page is for them
                raise
            problem = error.message
        more = len(entries) > PAGE_SIZE
        entries = entries[-PAGE_SIZE:] if before else entries[:PAGE_SIZE]
        query = urlencode({name: value for name, value in given.items() if value})
        return self._site.pages.page(
            request, "audit_log.html", entries=entries, given=given, resources=RESOURCES, members=members, keys=keys,
            query=query, problem=problem, filtered=bool(query), words=sentence, summary=summary, differences=differences,
            newer=entries[0].id if entries and ((before and more) or after) else "",
            older=entries[-1].id if entries and (before or more) else "",
        )  # fmt: skip

    async def export(self, request: Request) -> Response:
        """The file, passed on as it comes."""
        token, _, _ = await here(self._site, request)
        kind = request.path_params["kind"]
        given = {name: request.query_params.get(name, "") for name in FILTERS}
        file = await self._site.client.export_audit_logs(token, {**self._params(request, given), "format": kind})
        return download(file, f"audit-log.{kind}")

    def _params(self, request: Request, given: dict[str, str]) -> dict[str, str]:
        """What to ask of origin: days are those of the reader's time zone."""
        start, end = day(given["from"]), day(given["to"])
        here_now = zone(request)
        params = {
            "resourceType": given["resource"],
            "actorId": given["actor"],
            "start": datetime.combine(start, time(), here_now).astimezone(UTC).isoformat() if start else "",
            "end": datetime.combine(end + timedelta(days=1), time(), here_now).astimezone(UTC).isoformat()
            if end
            else "",
        }
        return {name: value for name, value in params.items() if value}
