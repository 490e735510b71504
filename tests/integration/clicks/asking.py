"""Asking the API about clicks, as one account."""

from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage.tables import links
from tests.factories import Account
from tests.integration.clicks.support import Stack, event


async def new_link(engine: AsyncEngine, account: Account, key: str, **more: Any) -> int:
    """A link of this account, straight into the table."""
    values = {
        "domain": "localhost",
        "key": key,
        "url": f"https://example.com/{key}",
        "version": 1,
        "kv_value": "",
        **more,
    }
    async with engine.begin() as connection:
        row = insert(links).values(workspace_id=account.actor.workspace_id, **values).returning(links.c.id)
        return int((await connection.execute(row)).scalar_one())


class Asker:
    """One account before the API."""

    def __init__(self, stack: Stack, account: Account) -> None:
        self.stack = stack
        self.account = account
        self.workspace = account.actor.workspace_id

    async def ask(self, **parameters: str) -> Any:
        """The answer of GET /analytics."""
        return await self.answer(200, parameters)

    async def answer(self, status: int, parameters: dict[str, str], path: str = "analytics") -> Any:
        """The body of an answer with this status."""
        async with self.stack.client(self.account.api_key) as http:
            response = await http.get(f"/api/v1/{path}", params=parameters)
        assert response.status_code == status, response.text
        return response.json()

    async def click(self, *changes: dict[str, Any], batch_id: str = "") -> None:
        """Have these clicks of the workspace counted."""
        await self.stack.send([event(workspace=self.workspace, **each) for each in changes], batch_id)
        await self.stack.drained()
