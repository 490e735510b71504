"""The files that an import writes: what was refused and why, and what became of every line."""

import csv
from collections.abc import Sequence
from pathlib import Path

from cli.errors import UsageError
from cli.importing.outcome import Result
from cli.importing.rows import COLUMNS, Row


def write_refused(paths: list[Path], refused: list[tuple[Row, Result]]) -> Path:
    """Write the refused rows with their reasons to the first of these paths that can be written.

    The file has a column `url`, so that it can be put right and imported itself.
    """
    used = [name for name in COLUMNS if any(name in row.fields for row, _ in refused)]
    header = ["line", "reason", *dict.fromkeys(["url", *used])]
    rows = [[result.line, result.reason, *(row.fields.get(name, "") for name in header[2:])] for row, result in refused]
    for path in paths:
        try:
            _write(path, [header, *rows])
        except OSError:
            continue
        return path
    raise UsageError(f"{paths[-1]} can't be written: name another file with --report")


def write_output(path: Path, results: list[Result]) -> None:
    """Write line, url, short link and status of every row; raises UsageError."""
    header = ["line", "url", "shortLink", "status", "reason"]
    rows = [[each.line, each.url, each.short_link, each.status, each.reason] for each in results]
    try:
        _write(path, [header, *rows])
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from error


def _write(path: Path, rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="", errors="backslashreplace") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
