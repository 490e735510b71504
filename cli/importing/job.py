"""One import from its first row to its last."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from cli.importing.journal import Journal
from cli.importing.outcome import Result, Status
from cli.importing.rows import Row
from cli.importing.send import Sender, chunks


@dataclass(slots=True)
class Job:
    """The rows, and what came of them so far."""

    rows: list[Row]
    sender: Sender
    journal: Journal
    results: dict[int, Result] = field(default_factory=dict)
    resumed: int = 0

    def run(self, advanced: Callable[[int], None]) -> None:
        """Make the links. `advanced` hears of each part that is done, by its number of rows. Raises CliError."""
        advanced(self._without_a_call())
        for part in chunks(self._left()):
            found = self.sender.send(part)
            self.journal.add(found)
            self.results.update((each.line, each) for each in found)
            advanced(len(part))
        self.journal.finish()

    def complete_short_links(self) -> None:
        """Look up the short links of rows that were there already."""
        by_id = {row.external_id: row for row in self.rows}
        known: dict[str, str] = {}
        for line, each in self.results.items():
            row = by_id.get(each.external_id)
            if row is None or each.short_link or each.status not in {Status.EXISTING, Status.REPEATED}:
                continue
            if each.external_id not in known:
                known[each.external_id] = self.sender.find(row) or ""
            self.results[line] = replace(each, short_link=known[each.external_id])

    def counts(self) -> Counter[Status]:
        """How many rows ended how."""
        return Counter(each.status for each in self.results.values())

    def refused(self) -> list[tuple[Row, Result]]:
        """The rows that made no link, with the reasons."""
        return [(row, self.results[row.line]) for row in self.rows if self.results[row.line].status is Status.REFUSED]

    def _without_a_call(self) -> int:
        """Settle the rows that need none; returns their number."""
        first: dict[str, int] = {}
        for row in self.rows:
            if row.problem:
                self.results[row.line] = Result(row.line, row.url, Status.REFUSED, row.problem)
            elif (line := first.setdefault(row.external_id, row.line)) != row.line:
                self.results[row.line] = Result(
                    row.line, row.url, Status.REPEATED, f"the same as line {line}", external_id=row.external_id
                )
            elif row.line in self.journal.done:
                self.results[row.line] = self.journal.done[row.line]
                self.resumed += 1
        return len(self.results)

    def _left(self) -> Iterator[Row]:
        return (row for row in self.rows if row.line not in self.results)
