"""Reads the rows of an import: text, CSV or JSON lines."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from cli.errors import UsageError
from shared.typed_url import with_scheme


class Format(StrEnum):
    """What a file is made of."""

    TEXT = "text"
    CSV = "csv"
    JSONL = "jsonl"


# What a column of a CSV may be called: the API's names of what a link can be given.
COLUMNS = (
    "url", "key", "domain", "externalId", "title", "description", "image", "comments", "archived", "tenantId",
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
)  # fmt: skip
_BY_SUFFIX = {
    ".txt": Format.TEXT,
    ".csv": Format.CSV,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json": Format.JSONL,
}
_TRUE = {"1", "true", "yes"}


@dataclass(frozen=True, slots=True)
class Row:
    """One link to be made. `problem` says why it can't even be sent."""

    line: int
    fields: dict[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def url(self) -> str:
        """Where the link leads, or what stands there instead."""
        return str(self.fields.get("url", ""))

    @property
    def external_id(self) -> str:
        """What makes the row the same link in a second run: its own externalId, or a digest of url, domain and key."""
        if own := self.fields.get("externalId"):
            return str(own)
        parts = [self.fields.get(name) or "" for name in ("domain", "key", "url")]
        return "import:" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        return {**self.fields, "externalId": self.external_id}


def detect(name: str, content: bytes) -> Format:
    """The format by the file's name, or by how its content begins."""
    suffix = PurePath(name).suffix.lower()
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    first = content[:65536].decode("utf-8-sig", "replace").lstrip().partition("\n")[0]
    if first.startswith("{"):
        return Format.JSONL
    names = {part.strip().strip('"') for part in first.split(",")}
    return Format.CSV if "url" in names and "://" not in first else Format.TEXT


def read(content: bytes, kind: Format) -> Iterator[Row]:
    """The rows, in order; raises UsageError when the file as a whole can't be read."""
    readers = {Format.TEXT: _text, Format.CSV: _csv, Format.JSONL: _jsonl}
    return readers[kind](_decode(content))


def _decode(content: bytes) -> str:
    # A byte that is not UTF-8 spoils its line, not the file.
    return content.decode("utf-8-sig", "surrogateescape")


def _text(text: str) -> Iterator[Row]:
    for number, line in _lines(text):
        yield _checked(number, {"url": line})


def _jsonl(text: str) -> Iterator[Row]:
    for number, line in _lines(text, comments=False):
        try:
            found = json.loads(line)
        except ValueError as error:
            yield Row(number, {"url": line}, f"this is not JSON: {error}")
            continue
        if isinstance(found, dict):
            yield _checked(number, found)
        else:
            yield Row(number, {"url": line}, 'this is not a JSON object such as {"url": "https://example.com"}')


def _csv(text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(reader, [])]
    if "url" not in header:
        raise UsageError(
            f"The first line of a CSV names its columns, and one of them is url. Known: {', '.join(COLUMNS)}"
        )
    try:
        for cells in reader:
            if any(cells):
                yield _checked(reader.line_num, _fields(header, cells))
    except csv.Error as error:
        raise UsageError(f"line {reader.line_num} of the CSV can't be read: {error}") from error


def _fields(header: list[str], cells: list[str]) -> dict[str, Any]:
    given = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name in COLUMNS and cell.strip()}
    return {name: cell.lower() in _TRUE if name == "archived" else cell for name, cell in given.items()}


def _lines(text: str, *, comments: bool = True) -> Iterator[tuple[int, str]]:
    # Not splitlines: that also cuts at characters which a URL or a title may hold.
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip(" \t\r")
        if line and not (comments and line.startswith("#")):
            yield number, line


def _checked(number: int, fields: dict[str, Any]) -> Row:
    url = fields.get("url")
    if not isinstance(url, str) or not url:
        return Row(number, fields, "there is no url")
    try:
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        readable = url.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return Row(number, {"url": readable}, "this is not UTF-8")
    return Row(number, {**fields, "url": with_scheme(url)})
