"""What a question reads: the statements that an engine runs, explained by Postgres."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine


class Plans:
    """Notes each statement that reads a table of an engine, and tells how Postgres goes about it."""

    def __init__(self, engine: AsyncEngine, table: str) -> None:
        self._engine = engine
        self._table = table
        self.statements: list[tuple[str, Any]] = []
        sa.event.listen(engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _: Any, __: Any, statement: str, parameters: Any, ___: Any, ____: Any) -> None:
        if f"FROM {self._table}" in statement and statement.startswith(("SELECT", "WITH")):
            self.statements.append((statement, parameters))

    async def run(self) -> list["Plan"]:
        """What the noted statements do, done once more; the note is empty afterwards."""
        noted, self.statements = self.statements, []
        plans = []
        async with self._engine.connect() as connection:
            for statement, parameters in noted:
                explain = "EXPLAIN (ANALYZE, FORMAT JSON) " + statement
                found = (await connection.exec_driver_sql(explain, parameters)).scalar_one()
                plans.append(Plan(statement, self._table, found[0]["Plan"]))
        return plans


class Plan:
    """How Postgres answered one statement."""

    def __init__(self, statement: str, table: str, root: dict[str, Any]) -> None:
        self.statement = statement
        self._root = root
        scans = [each for each in _nodes(root) if each.get("Relation Name") == table]
        self.reads_all = any(each["Node Type"] == "Seq Scan" for each in scans)
        # Those that a filter threw away were read as well.
        thrown = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
        self.rows_read = sum(
            (each["Actual Rows"] + sum(each.get(name, 0) for name in thrown)) * each["Actual Loops"] for each in scans
        )

    def __str__(self) -> str:
        return f"{self.statement}\n{json.dumps(self._root, indent=1)}"


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)
