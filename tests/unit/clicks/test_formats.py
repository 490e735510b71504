import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # has no types of its own
import pytest

from origin.analytics.formats import ROWS_OF_A_GROUP, WRITERS, ParquetWriter

NAMES = ("click_id", "timestamp", "url")
BLOCKS, ROWS = 50, 2_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def block(number: int) -> list[list[Any]]:
    first = number * ROWS
    rows = range(first, first + ROWS)
    return [
        [f"click-{row}" for row in rows],
        [START + timedelta(seconds=row) for row in rows],
        ["https://a.example/"] * ROWS,
    ]


def test_parquet_of_many_small_blocks_has_few_groups_and_every_row_in_order() -> None:
    writer = ParquetWriter(NAMES)
    parts = [writer.block(block(number)) for number in range(BLOCKS)]
    assert sum(map(bool, parts)) <= BLOCKS * ROWS // ROWS_OF_A_GROUP + 1, "each group is handed on as a whole"
    file = pq.ParquetFile(io.BytesIO(b"".join([*parts, writer.end()])))
    assert file.num_row_groups == 3
    assert file.read(["click_id"])["click_id"].to_pylist() == [f"click-{row}" for row in range(BLOCKS * ROWS)]
    group = file.metadata.row_group(0)
    assert [group.column(index).is_stats_set for index in range(len(NAMES))] == [False, True, False]


def test_parquet_without_rows_is_a_file_with_its_columns() -> None:
    assert pq.ParquetFile(io.BytesIO(ParquetWriter(NAMES).end())).schema_arrow.names == list(NAMES)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_coordinates_have_the_digits_that_they_were_told_with(kind: str) -> None:
    text = WRITERS[kind](["city", "latitude"]).block([["Nowhere", "Köln"], [None, 50.939998626708984]]).decode()
    assert "50.94" in text
    assert "50.93" not in text
