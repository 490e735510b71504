"""The routes of reports and of the quarantine."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin.accounts.access import Actor, authenticate
from origin.api import answer, read_body, read_query, route
from origin.audit import trail
from origin.links import finder
from origin.links.model import Action, Link, Reason
from origin.links.options import Records
from origin.links.reader import Reader
from origin.openapi import ANYONE, Operation
from origin.safety import quarantine, reports
from origin.safety.quarantine import WORKSPACE, By, PastQuarantine
from origin.safety.reports import NewReport, Outcome, Received, Report, ReportFilter, Reports
from origin.storage.transaction import transaction

ACCEPTED = 202
Note = Annotated[str, Meta(max_length=1_000)]
ACTIONS: dict[str, Action] = {"warned": "warn", "blocked": "block"}


class Settlement(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is decided about the link of a report: nothing is wrong, visitors are warned, or it is taken down."""

    outcome: Outcome
    note: Note = ""


class NewQuarantine(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`warn` puts a page before the destination, `block` takes the link down. The note is for those who read the history."""

    action: Action
    reason: Reason
    note: Note = ""


class Release(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why a link is let go."""

    note: Note = ""


@dataclass(frozen=True, slots=True)
class SafetyViews:
    """The endpoints, with what they need."""

    reports: Reports
    records: Records
    reader: Reader

    async def report(self, request: Request) -> Response:
        await self.reports.take(request, await read_body(request, NewReport))
        return answer(Received(), ACCEPTED)

    async def listed(self, request: Request) -> Response:
        actor = await authenticate(request)
        wanted = read_query(request, ReportFilter)
        async with transaction(request) as connection:
            return answer(await reports.listed(connection, actor.workspace_id, wanted))

    async def settle(self, request: Request) -> Response:
        actor = await authenticate(request)
        body = await read_body(request, Settlement)
        async with transaction(request) as connection:
            report = await reports.locked(connection, actor.workspace_id, request.path_params["reportId"])
            if body.outcome in ACTIONS:
                action = ACTIONS[body.outcome]
                await quarantine.place(
                    connection, self.records, report.link_id, _by(actor), action, report.reason, body.note
                )
            settled = await reports.settle(connection, report.link_id, body.outcome, actor.user_id)
            changes = (_settled(reports.shown(each), body.outcome) for each in settled)
            await trail.record(connection, actor.workspace_id, *changes)
        return answer([reports.shown(each) for each in settled])

    async def place(self, request: Request) -> Response:
        actor = await authenticate(request)
        body = await read_body(request, NewQuarantine)
        async with transaction(request) as connection:
            link_id = await _link_id(request, connection, actor)
            await quarantine.place(connection, self.records, link_id, _by(actor), body.action, body.reason, body.note)
            return await self._answer(connection, actor, link_id)

    async def release(self, request: Request) -> Response:
        actor = await authenticate(request)
        body = read_query(request, Release)
        async with transaction(request) as connection:
            link_id = await _link_id(request, connection, actor)
            await quarantine.release(connection, self.records, link_id, _by(actor), body.note)
            return await self._answer(connection, actor, link_id)

    async def history(self, request: Request) -> Response:
        actor = await authenticate(request)
        async with transaction(request) as connection:
            link_id = await _link_id(request, connection, actor)
            return answer(await quarantine.history(connection, actor.workspace_id, link_id))

    async def _answer(self, connection: AsyncConnection, actor: Actor, link_id: int) -> Response:
        (link,) = await self.reader.by_ids(connection, actor.workspace_id, [link_id])
        return answer(link)


def _settled(report: Report, outcome: Outcome) -> trail.Change:
    return trail.Change("report.settle", report.id, report.link_id, after={"outcome": outcome, "reason": report.reason})


def _by(actor: Actor) -> By:
    return By(WORKSPACE, actor.user_id)


async def _link_id(request: Request, connection: AsyncConnection, actor: Actor) -> int:
    return await finder.by_public_id(connection, actor.workspace_id, request.path_params["linkId"])


def routes(taken: Reports, records: Records, reader: Reader) -> list[BaseRoute]:
    """The routes below /api/v1."""
    views = SafetyViews(taken, records, reader)
    return [
        route(each)
        for each in (
            Operation(
                method="POST", path="/reports", summary="Report a harmful link, as a visitor", tag="safety",
                permission=ANYONE, endpoint=views.report, body=NewReport, response=Received, status=ACCEPTED,
            ),
            Operation(
                method="GET", path="/reports", summary="List reports of links by visitors", tag="safety",
                permission="safety.read", endpoint=views.listed, query=ReportFilter, response=list[Report],
            ),
            Operation(
                method="POST", path="/reports/{reportId}/settle", summary="Decide about all open reports of a link",
                tag="safety", permission="safety.write", endpoint=views.settle, body=Settlement, response=list[Report],
            ),
            Operation(
                method="PUT", path="/links/{linkId}/quarantine", summary="Warn of a link, or take it down", tag="safety",
                permission="safety.write", endpoint=views.place, body=NewQuarantine, response=Link,
            ),
            Operation(
                method="DELETE", path="/links/{linkId}/quarantine", summary="Release a link from quarantine",
                tag="safety", permission="safety.write", endpoint=views.release, query=Release, response=Link,
            ),
            Operation(
                method="GET", path="/links/{linkId}/quarantines", summary="List the quarantines that a link was in",
                tag="safety", permission="safety.read", endpoint=views.history, response=list[PastQuarantine],
            ),
        )
    ]  # fmt: skip
