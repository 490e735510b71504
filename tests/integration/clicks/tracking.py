"""An account that has links clicked, and tracks what comes of it."""

import itertools
import time
from typing import Any

import anyio
import sqlalchemy as sa

from origin.storage.tables import conversions, customer_clicks
from tests.integration.clicks.asking import Asker

_numbers = itertools.count()
COUNTED = """
SELECT event, link_id, sum(quantity) AS n, sum(amount) AS paid
FROM conversion_credits FINAL
WHERE model = {model:String}
"""


class Tracker(Asker):
    """An account that has links clicked, and tracks what comes of it."""

    async def clicked(self, link: int, *, ago_ms: int = 0, **more: Any) -> str:
        """A click that is counted, told its id as with `trackConversion`."""
        click_id = f"edge{self.workspace}-t{next(_numbers)}"
        await self.click({"id": click_id, "link": link, "at": int(time.time() * 1000) - ago_ms, **more})
        return click_id

    async def post(self, path: str, body: dict[str, Any], status: int = 200, key: str = "") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        async with self.stack.client(self.account.api_key) as http:
            response = await http.post(f"/api/v1/track/{path}", json=body, headers=headers)
        assert response.status_code == status, response.text
        return response.json()

    async def lead(self, click_id: str, who: str = "one", name: str = "Sign up", **more: Any) -> Any:
        body = {"clickId": click_id, "eventName": name, "customerExternalId": who, **more}
        return await self.post("lead", body)

    async def sale(self, who: str = "one", amount: int = 100, **more: Any) -> Any:
        return await self.post("sale", {"customerExternalId": who, "amount": amount, **more})

    async def settle(self) -> None:
        """Wait until ClickHouse has what is counted, and no click is looked for."""
        with anyio.fail_after(30):
            while True:
                async with self.stack.app.state.engine.connect() as connection:
                    mine = conversions.c.workspace_id == self.workspace
                    left = sa.select(sa.func.count()).where(mine, conversions.c.outcome == "counted")
                    unstored = left.where(conversions.c.stored_at.is_(None))
                    sought = sa.select(sa.func.count()).where(
                        customer_clicks.c.workspace_id == self.workspace, customer_clicks.c.look_at.isnot(None)
                    )
                    if not [n for each in (unstored, sought) if (n := (await connection.execute(each)).scalar_one())]:
                        return
                await anyio.sleep(0.05)

    async def stored(self, model: str = "last") -> dict[tuple[str, int], tuple[int, int]]:
        """(how many, how much) by event and link, as ClickHouse has it."""
        sql = f"{COUNTED} AND workspace_id = {self.workspace} GROUP BY event, link_id"
        rows = await self.stack.clickhouse.query(sql, {"model": model})
        return {(row["event"], row["link_id"]): (row["n"], row["paid"]) for row in rows}

    async def outcomes(self) -> dict[str, int]:
        """How many conversions have each outcome."""
        mine = sa.select(conversions.c.outcome, sa.func.count().label("n")).where(
            conversions.c.workspace_id == self.workspace
        )
        async with self.stack.app.state.engine.connect() as connection:
            return {row.outcome: row.n for row in await connection.execute(mine.group_by(conversions.c.outcome))}
