"""GET /analytics/accounting: what became of every request."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from origin.accounts.access import authenticate
from origin.analytics.asking import asked, period_of
from origin.analytics.conversion_accounting import ConversionAccountingQuery, conversion_accounting
from origin.analytics.model import VERDICTS, Accounting, AccountingQuery, Part
from origin.analytics.reader import AnalyticsReader
from origin.analytics.scope import Scope
from origin.api import answer, read_query
from origin.openapi import PREFIX
from origin.storage.transaction import reading


@dataclass(frozen=True, slots=True)
class AccountingViews:
    """The endpoint, with what it needs."""

    clicks: AnalyticsReader
    now: Callable[[], datetime]

    async def retrieve(self, request: Request) -> Response:
        actor = await authenticate(request)
        query = read_query(request, AccountingQuery)
        scope = (await asked(request, actor, query)).scope
        period = await period_of(query, scope, self.clicks, self.now())
        found = await self.clicks.verdicts(scope, period)
        parts = {name: Part(found.get(verdict, 0), _events(request, verdict)) for name, verdict in VERDICTS.items()}
        return answer(Accounting(requests=sum(found.values()), **parts))

    async def conversions(self, request: Request) -> Response:
        actor = await authenticate(request)
        query = read_query(request, ConversionAccountingQuery)
        period = await period_of(query, Scope(actor.workspace_id), self.clicks, self.now())
        async with reading(request, actor.workspace_id) as connection:
            return answer(await conversion_accounting(connection, actor.workspace_id, period))


def _events(request: Request, verdict: str) -> str:
    """Where the events of a part are: under the same question."""
    return f"{PREFIX}/events?{urlencode({**request.query_params, 'verdict': verdict})}"
