"""Rows as NDJSON, CSV or Parquet, block by block."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
import pyarrow as pa  # type: ignore[import-untyped]  # has no types of its own
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # as above

from origin.storage.clickhouse import Columns

_encode = msgspec.json.Encoder().encode_lines


class Writer(Protocol):
    """Turns blocks into bytes; what the first and the last ones need besides comes with them."""

    media_type: str

    def block(self, columns: Columns) -> bytes:
        """The bytes of some rows."""
        ...

    def end(self) -> bytes:
        """What closes the file."""
        ...


class NdjsonWriter:
    """An object a line."""

    media_type = "application/x-ndjson"

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def block(self, columns: Columns) -> bytes:
        names = self._names
        return _encode([dict(zip(names, row, strict=True)) for row in zip(*_texts(columns), strict=True)])

    def end(self) -> bytes:
        return b""


class CsvWriter:
    """RFC 4180 with a line of names. A text that a spreadsheet would take for a formula gets a ' in front."""

    media_type = "text/csv; charset=utf-8"

    def __init__(self, names: Sequence[str]) -> None:
        self._head: Iterable[Sequence[str]] = [names]

    def block(self, columns: Columns) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerows(self._head)
        self._head = ()
        writer.writerows(zip(*([_harmless(value) for value in column] for column in _texts(columns)), strict=True))
        return text.getvalue().encode()

    def end(self) -> bytes:
        return self.block([]) if self._head else b""


class ParquetWriter:
    """Row groups of many blocks: the file's end says of each what is held until then, so they are few, and it is little."""

    media_type = "application/vnd.apache.parquet"

    def __init__(self, names: Sequence[str]) -> None:
        self._schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in names])
        self._out = _Sink()
        self._waiting: list[pa.RecordBatch] = []
        statistics = [name for name in _FOUND_BY if name in names]
        self._writer = pq.ParquetWriter(self._out, self._schema, compression="zstd", write_statistics=statistics)

    def block(self, columns: Columns) -> bytes:
        arrays = [pa.array(_json_maps(column), each.type) for column, each in zip(columns, self._schema, strict=True)]
        self._waiting.append(pa.record_batch(arrays, schema=self._schema))
        if sum(batch.num_rows for batch in self._waiting) >= ROWS_OF_A_GROUP:
            self._write_group()
        return self._out.take()

    def end(self) -> bytes:
        if self._waiting:
            self._write_group()
        self._writer.close()
        return self._out.take()

    def _write_group(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema))
        self._waiting = []


WRITERS: dict[str, Callable[[Sequence[str]], Writer]] = {
    "ndjson": NdjsonWriter,
    "csv": CsvWriter,
    "parquet": ParquetWriter,
}
ROWS_OF_A_GROUP = 32_768
# The floats are coordinates of cities: more digits are what a float32 makes of them.
_PLACES = 4
# What a reader may leave groups out by.
_FOUND_BY = ("timestamp", "link_id")
_TIME = pa.timestamp("ms", "UTC")
_TYPES = {
    **dict.fromkeys(("timestamp", "received_at", "stored_at", "clicked_at"), _TIME),
    **dict.fromkeys(("link_version", "asn", "quantity", "amount"), pa.int64()),
    **dict.fromkeys(("variant", "rule"), pa.int16()),
    **dict.fromkeys(("latitude", "longitude"), pa.float32()),
    "keep_days": pa.int32(),
    "bot": pa.bool_(),
}


class _Sink(io.RawIOBase):
    """A file that only grows, and whose bytes are taken away as they come."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._written += len(part)
        return len(part)

    def tell(self) -> int:
        return self._written

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _texts(columns: Columns) -> Columns:
    return [_written(column) for column in columns]


def _written(column: Sequence[Any]) -> Sequence[Any]:
    if _has_times(column):
        return [_text(value) for value in column]
    if isinstance(next((value for value in column if value is not None), None), float):
        return [value if value is None else round(value, _PLACES) for value in column]
    return column


def _has_times(column: Sequence[Any]) -> bool:
    return bool(column) and isinstance(column[0], datetime)


def _text(at: datetime) -> str:
    return at.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _harmless(value: Any) -> Any:
    if isinstance(value, dict):
        value = msgspec.json.encode(value).decode() if value else ""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _json_maps(column: Sequence[Any]) -> Sequence[Any]:
    if column and isinstance(column[0], dict):
        return [msgspec.json.encode(value).decode() for value in column]
    return column
