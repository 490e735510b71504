"""Leads and sales by what became of them: those that are counted are events, and of the others this is the list."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dashboard.accounting import OUTCOMES
from dashboard.errors import NotThere, Refused
from dashboard.measures import period
from dashboard.pages import zone
from dashboard.question import Question
from dashboard.site import Site

PATH = "/conversions"
PAGE_SIZE = 50
_UNPROCESSABLE = 422


class ConversionsPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        """A page of them, the newest first. One more than is shown is asked for: it tells whether there is another page."""
        token = await self._site.sessions.token(request)
        question, outcome = Question.of(PATH, request.query_params), request.query_params.get("outcome", "")
        after = request.query_params.get("after", "")
        if outcome not in OUTCOMES or question.measure == "clicks":
            raise NotThere
        more = {"limit": str(PAGE_SIZE + 1), **({"startingAfter": after} if after else {})}
        try:
            found = await self._site.client.analytics.of_outcome(token, question.params(zone(request)), outcome, more)
        except Refused as error:
            if not (after and error.status == _UNPROCESSABLE):
                raise
            raise NotThere from error  # an address that was cut off
        shown, here = found[:PAGE_SIZE], question.outcome_url(outcome)
        label, meaning = OUTCOMES[outcome]
        older = f"{here}&{urlencode({'after': shown[-1].id})}" if len(found) > PAGE_SIZE else ""
        return self._site.pages.page(
            request, "conversions.html", question=question, conversions=shown, label=label, meaning=meaning,
            period=period(question), older=older, newest=here if after else "",
        )  # fmt: skip
