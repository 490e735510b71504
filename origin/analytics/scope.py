"""Whose clicks a question is about, and the SQL that says so: every query is scoped to one workspace here and nowhere else."""

from dataclasses import dataclass
from typing import Any

from origin.analytics.dimensions import Filter

ALL_LINKS = 0  # the rollups' own row for the sum of a workspace's links
_TEXTS = {
    "/*mine*/": (
        "workspace_id = {workspace:UInt64} AND (has({links:Array(UInt64)}, 0) OR link_id IN {links:Array(UInt64)})"
    ),
    "/*within*/": "timestamp >= toDateTime({start:UInt32}) AND timestamp < toDateTime({end:UInt32})",
    "/*edges*/": (
        "((timestamp >= toDateTime({start:UInt32}) AND timestamp < toDateTime({whole_start:UInt32}))"
        " OR (timestamp >= toDateTime({whole_end:UInt32}) AND timestamp < toDateTime({end:UInt32})))"
    ),
}


@dataclass(frozen=True)
class Scope:
    """Whose clicks, of which links (None: all of the workspace), and under which filters."""

    workspace_id: int
    link_ids: tuple[int, ...] | None = None
    filters: tuple[Filter, ...] = ()

    def parameters(self) -> dict[str, Any]:
        """What each query binds."""
        links = [ALL_LINKS] if self.link_ids is None else list(self.link_ids)
        bound: dict[str, Any] = {"workspace": self.workspace_id, "links": links}
        for number, each in enumerate(self.filters):
            bound[f"values{number}"] = list(each.values)
            if each.key:
                bound[f"key{number}"] = each.key
        return bound

    def complete(self, sql: str, value: str = "", *, has_edges: bool = True) -> str:
        """A query with its standing texts filled in; `value` is the expression that it groups by.

        Without edges the raw clicks are not looked at: even a range that holds none of them costs a read.
        """
        clauses = (each.clause(number) for number, each in enumerate(self.filters))
        texts = {**_TEXTS, "/*filters*/": "\n".join(clauses), "/*value*/": value}
        if not has_edges:
            texts["/*edges*/"] = "false"
        for name, text in texts.items():
            sql = sql.replace(name, text)
        return sql
