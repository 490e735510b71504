"""Whose clicks a question is about, and the SQL that says so: every query is scoped to one workspace here and nowhere else."""

from dataclasses import dataclass
from typing import Any, Protocol

from origin.analytics.tiers import AUDIENCE_COLUMNS

ALL_LINKS = 0  # the rollups' own row for the sum of a workspace's links
_MINE = "workspace_id = {workspace:UInt64}"
_OF_LINKS = _MINE + " AND link_id IN {links:Array(UInt64)}"


class Condition(Protocol):
    """A filter: a condition in SQL, and what it binds."""

    @property
    def column(self) -> str:
        """Which column it looks at."""
        ...

    @property
    def values(self) -> tuple[Any, ...]:
        """Bound as `values{number}`."""
        ...

    @property
    def key(self) -> str:
        """Bound as `key{number}`, unless empty."""
        ...

    def clause(self, number: int) -> str:
        """The condition; it begins with AND."""
        ...


@dataclass(frozen=True)
class Scope:
    """Whose clicks, of which links (None: all of the workspace), and under which filters."""

    workspace_id: int
    link_ids: tuple[int, ...] | None = None
    filters: tuple[Condition, ...] = ()

    def parameters(self) -> dict[str, Any]:
        """What each query binds."""
        links = [ALL_LINKS] if self.link_ids is None else list(self.link_ids)
        bound: dict[str, Any] = {"workspace": self.workspace_id, "links": links}
        for number, each in enumerate(self.filters):
            bound[f"values{number}"] = list(each.values)
            if each.key:
                bound[f"key{number}"] = each.key
        return bound

    def is_about_audience(self) -> bool:
        """Whether the filters name nothing but what the rollup of the audience of whole workspaces knows."""
        return self.link_ids is None and all(each.column in AUDIENCE_COLUMNS for each in self.filters)

    def complete(self, sql: str, within: str) -> str:
        """A query, or a part of one, with whose clicks and of which time it is about filled in."""
        clauses = (each.clause(number) for number, each in enumerate(self.filters))
        mine = _MINE if self.link_ids is None else _OF_LINKS
        texts = {"/*mine*/": mine, "/*within*/": within, "/*filters*/": "\n".join(clauses)}
        for name, text in texts.items():
            sql = sql.replace(name, text)
        return sql
