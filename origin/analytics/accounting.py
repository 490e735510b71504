"""GET /analytics/accounting: what became of every request."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from origin.accounts.access import authenticate
from origin.analytics.asking import period_of, scope_of
from origin.analytics.model import VERDICTS, Accounting, AccountingQuery, Part
from origin.analytics.reader import AnalyticsReader
from origin.api import answer, read_query
from origin.openapi import PREFIX


@dataclass(frozen=True, slots=True)
class AccountingViews:
    """The endpoint, with what it needs."""

    clicks: AnalyticsReader
    now: Callable[[], datetime]

    async def retrieve(self, request: Request) -> Response:
        actor = await authenticate(request)
        query = read_query(request, AccountingQuery)
        scope = await scope_of(request, actor, query)
        period = await period_of(query, scope, self.clicks, self.now())
        found = await self.clicks.verdicts(scope, period)
        parts = {name: Part(found.get(verdict, 0), _events(request, verdict)) for name, verdict in VERDICTS.items()}
        return answer(Accounting(requests=sum(found.values()), **parts))


def _events(request: Request, verdict: str) -> str:
    """Where the events of a part are: under the same question."""
    return f"{PREFIX}/events?{urlencode({**request.query_params, 'verdict': verdict})}"
