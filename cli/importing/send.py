"""Sends rows in bulk calls and says what came of each."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from cli.errors import Refused, Unreachable
from cli.importing.outcome import Result, Status
from cli.importing.rows import Row
from cli.origin_client import OriginClient

MOST_ROWS = 100  # the API takes no more in one call
MOST_BYTES = 400_000  # and bodies of up to a megabyte
_WHOLE_CALL_REFUSED = {400, 413, 422}
_NOT_FOUND = 404


class Sender:
    """Makes the links of one import. `run` names it: a call sent again gets the first one's answer."""

    def __init__(self, origin: OriginClient, run: str) -> None:
        self._origin = origin
        self._run = run

    def send(self, rows: list[Row]) -> list[Result]:
        """What came of each row, in order. Raises CliError when Nearhop as a whole refuses or does not answer."""
        bodies = [row.body for row in rows]
        digest = hashlib.sha256(json.dumps([self._run, rows[0].line, bodies]).encode()).hexdigest()
        try:
            answers = self._origin.post("/links/bulk", bodies, idempotency_key=f"import-{digest[:40]}")
        except Refused as error:
            if error.status not in _WHOLE_CALL_REFUSED:
                raise
            return self._send_in_parts(rows, error)
        if not isinstance(answers, list) or len(answers) != len(rows):
            raise Unreachable("The answer does not fit the links that were sent: check the address of Nearhop")
        return [self._result(row, answer) for row, answer in zip(rows, answers, strict=True)]

    def find(self, row: Row) -> str | None:
        """The short link that has the row's external id, None when there is none."""
        try:
            link = self._origin.get("/links/info", externalId=f"ext_{row.external_id}")
        except Refused as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return str(link["shortLink"])

    def _send_in_parts(self, rows: list[Row], error: Refused) -> list[Result]:
        if len(rows) == 1:
            return [_result(rows[0], Status.REFUSED, reason=str(error))]
        middle = len(rows) // 2
        return self.send(rows[:middle]) + self.send(rows[middle:])

    def _result(self, row: Row, answer: dict[str, Any]) -> Result:
        if "error" not in answer:
            return _result(row, Status.CREATED, short_link=str(answer["shortLink"]))
        message = str(answer["error"])
        if answer.get("code") == "conflict":
            # Refused for its external id: the link is there. Refused for its code: it may be this very link's.
            if message.startswith("externalId:"):
                return _result(row, Status.EXISTING)
            if (found := self.find(row)) is not None:
                return _result(row, Status.EXISTING, short_link=found)
        return _result(row, Status.REFUSED, reason=message)


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows for one call each, bounded in number and bytes."""
    part: list[Row] = []
    size = 0
    for row in rows:
        own = len(json.dumps(row.body))
        if part and (len(part) == MOST_ROWS or size + own > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += own
    if part:
        yield part


def _result(row: Row, status: Status, *, reason: str = "", short_link: str = "") -> Result:
    return Result(row.line, row.url, status, reason, short_link, row.external_id)
