"""A million links in one workspace: what each question reads of them."""

from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from origin import ids
from tests.factories import Account
from tests.many_links import ManyLinks
from tests.query_plans import Plans

LINKS = "/api/v1/links"
Query = dict[str, Any]
MILLION = 1_000_000
# Of a million: what a page of 100 may read. The ranking of a search looks at the newest thousand that fit, and one link in
# a thousand has the rare user, domain, folder or tag.
MOST_READ = 6_000
# Words that many links have are looked up along the newest links, until a thousand are found.
MOST_SEARCHED = MILLION // 10


@pytest.mark.timeout(600)
async def test_no_question_about_a_million_rows_reads_them_all(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    many = ManyLinks(engine, account)
    await many.grow(MILLION)
    plans = Plans(engine, "links")
    tag, folder = ids.public(ids.TAG, many.names["tag"]), ids.public(ids.FOLDER, many.names["folder"])
    user, domain = ids.public(ids.USER, many.names["rare_user"]), many.names["rare_domain"]
    middle = (await api.get(f"{LINKS}/info", params={"domain": "localhost", "key": "m500000"})).json()["id"]
    filters: tuple[Query, ...] = (
        {"search": "word77"}, {"search": "m1234"}, {"tenantId": "tenant7"}, {"tagIds": tag}, {"tagNames": "rare"},
        {"folderId": folder}, {"userId": user}, {"domain": domain}, {"domain": domain, "tenantId": "tenant1"},
    )  # fmt: skip
    questions: tuple[Query, ...] = (
        {}, {"page": 5}, {"startingAfter": middle}, {"endingBefore": middle}, {"sortBy": "updatedAt"},
        {"showArchived": "true", "sortOrder": "asc"}, {"search": "example"}, {"withTags": "true"}, *filters,
    )  # fmt: skip
    for query in questions:
        answer = await api.get(LINKS, params=query)
        assert (answer.status_code, len(answer.json()) > 0) == (200, True), query
        await at_most(MOST_SEARCHED if "search" in query else MOST_READ, plans, query)
    for query in ({"domain": "localhost", "key": "m77"}, {"linkId": middle}):
        assert (await api.get(f"{LINKS}/info", params=query)).status_code == 200
        await at_most(1, plans, query)
    for query in filters:
        assert (await api.get(f"{LINKS}/count", params=query)).json() > 0
        await at_most(MOST_SEARCHED if "search" in query else MOST_READ, plans, query)
    # Who counts them all goes through all of them, but in an index that leaves the links alone.
    assert (await api.get(f"{LINKS}/count")).json() == MILLION * 49 // 50
    (counted,) = await plans.run()
    assert "Index Only Scan" in str(counted)
    assert not counted.reads_all


async def at_most(most: int, plans: Plans, query: Query) -> None:
    """Fail where one of the statements that were just run read the whole table, or more links than this."""
    for plan in await plans.run():
        assert not plan.reads_all, f"{query}\n{plan}"
        assert plan.rows_read <= most, f"{query}: {plan.rows_read}\n{plan}"
