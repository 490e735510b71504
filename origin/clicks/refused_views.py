"""Clicks that were set aside, for the workspace whose links they name."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import anyio.to_thread
import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from origin.accounts.access import authenticate
from origin.api import answer, read_body, read_query, route
from origin.audit import trail
from origin.audit.trail import Change
from origin.clicks.intake import Intake
from origin.clicks.refused import DeadLetter, RefusedClicks
from origin.clicks.replay import Replayed, replay
from origin.clicks.spool import SpoolRefuses
from origin.openapi import Operation
from origin.problems import NotFound, Unavailable
from origin.storage.transaction import transaction

MOST = 1000


class HasRefused(Protocol):
    """What the routes need of the click pipeline."""

    intake: Intake
    refused: RefusedClicks


class RefusedQuery(msgspec.Struct, forbid_unknown_fields=True):
    """A page of them, the oldest first."""

    page: Annotated[int, Meta(ge=1)] = 1
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 100


class ReplayBody(msgspec.Struct, forbid_unknown_fields=True):
    """Which ones to send again."""

    ids: Annotated[list[str], Meta(min_length=1, max_length=MOST)]


class RefusedEvent(msgspec.Struct):
    """A click that could not be read: what the edge sent, and what is wrong with it."""

    id: str
    at: float
    reason: str
    event: Any
    replayed: bool


@dataclass(frozen=True, slots=True)
class RefusedViews:
    """The endpoints, with what they need."""

    clicks: HasRefused

    async def index(self, request: Request) -> Response:
        actor = await authenticate(request)
        query = read_query(request, RefusedQuery)
        first = (query.page - 1) * query.limit

        def read() -> list[DeadLetter]:
            letters = self.clicks.refused.letters(actor.workspace_id)
            return list(itertools.islice(letters, first, first + query.limit))

        found = await anyio.to_thread.run_sync(read)
        return answer([RefusedEvent(each.id, each.at, each.reason, each.event, each.replayed) for each in found])

    async def replay(self, request: Request) -> Response:
        actor = await authenticate(request)
        body = await read_body(request, ReplayBody)
        letters = await anyio.to_thread.run_sync(self._named, actor.workspace_id, body.ids)
        try:
            done = await replay(self.clicks.refused, letters, self.clicks.intake.accept_again)
        except SpoolRefuses as error:
            raise Unavailable(str(error), retry_after=5) from error
        async with transaction(request) as connection:
            counts = {"replayed": done.replayed, "refused": len(done.refused)}
            note = Change("refused_click.replay", "", f"{len(letters)} clicks", after=counts)
            await trail.record(connection, actor.workspace_id, note)
        return answer(done)

    def _named(self, workspace_id: int, names: Sequence[str]) -> list[DeadLetter]:
        letters = []
        for name in dict.fromkeys(names):
            letter = self.clicks.refused.letter(name)
            if letter is None or letter.workspace != workspace_id:
                raise NotFound(f"There is no refused event {name} in this workspace.")
            letters.append(letter)
        return letters


def routes(clicks: HasRefused) -> list[BaseRoute]:
    """The routes, to be mounted under /api/v1."""
    views = RefusedViews(clicks)
    return [
        route(each)
        for each in (
            Operation(
                method="GET", path="/events/refused", summary="List clicks that could not be read", tag="events",
                permission="analytics.read", endpoint=views.index, query=RefusedQuery, response=list[RefusedEvent],
            ),
            Operation(
                method="POST", path="/events/refused/replay", summary="Send clicks again that could not be read",
                tag="events", permission="workspace.write", endpoint=views.replay, body=ReplayBody, response=Replayed,
            ),
        )
    ]  # fmt: skip
