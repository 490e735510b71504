"""Batch ids that a drain has taken, in Postgres, where every origin process sees them: what makes a batch count once."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage import named_sql

# Longer than any queue keeps a batch (Cloudflare Queues: 14 days at most).
KEEP_DAYS = 15
_SQL = {name: sa.text(text) for name, text in named_sql.load(Path(__file__).with_name("queries.sql")).items()}


class BatchClaims:
    """The table `click_batches`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def claim(self, block_id: str, batch_ids: list[str]) -> set[str]:
        """Those of the batches that are this block's to count. Asked again for the same block, the answer is the same."""
        values = {"block_id": block_id, "batch_ids": batch_ids}
        async with self._engine.begin() as connection:
            await connection.execute(_SQL["claim_batches"], values)
            return set((await connection.execute(_SQL["batches_of_block"], values)).scalars())

    async def prune(self) -> None:
        """Delete the claims of old batches."""
        async with self._engine.begin() as connection:
            await connection.execute(_SQL["prune_batches"], {"days": KEEP_DAYS})
