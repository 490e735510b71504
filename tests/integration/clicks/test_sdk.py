"""Dub's published Python SDK reads the analytics, unchanged."""

import httpx
import pytest
from dub import Dub, models
from dub.models import operations
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.factories import new_account
from tests.integration.clicks.support import Stack, event
from tests.origin_app import API_URL

# Those that the SDK's union of answers can hold.
READABLE = (
    "timeseries", "continents", "regions", "countries", "cities", "devices", "browsers", "os", "trigger", "triggers",
    "referers", "referer_urls", "top_links", "top_urls",
)  # fmt: skip


async def test_each_grouping_parses_and_holds_the_clicks(stack: Stack, engine: AsyncEngine) -> None:
    account = await new_account(engine)
    workspace = account.actor.workspace_id
    await stack.send(
        [event(workspace=workspace, country="DE", region="BE", city="Berlin", continent="EU") for _ in range(3)]
    )
    await stack.send([event(workspace=workspace)])  # of an unknown place
    await stack.drained()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(stack.app)) as http:
        dub = Dub(token=account.api_key, server_url=f"{API_URL}/api/v1", async_client=http)
        count = await dub.analytics.retrieve_async(request={"interval": operations.Interval.SEVEND})
        assert isinstance(count, models.components.AnalyticsCount)
        assert count.clicks == 4
        for group_by in READABLE:
            rows = await dub.analytics.retrieve_async(request={"group_by": operations.QueryParamGroupBy(group_by)})
            assert isinstance(rows, list)
            # The unknown continent has no row, and neither has link 1, which Postgres does not know.
            expected = {"continents": 3, "top_links": 0}.get(group_by, 4)
            assert sum(row.clicks or 0 for row in rows) == expected, group_by


async def test_a_refused_parameter_is_the_sdks_own_exception(stack: Stack, engine: AsyncEngine) -> None:
    account = await new_account(engine)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(stack.app)) as http:
        dub = Dub(token=account.api_key, server_url=f"{API_URL}/api/v1", async_client=http)
        with pytest.raises(models.errors.UnprocessableEntity, match="groupId"):
            await dub.analytics.retrieve_async(request={"group_id": "one"})
