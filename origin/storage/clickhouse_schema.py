"""The numbered DDL in origin/storage/clickhouse/, applied once each and in order.

The same files serve the embedded engine, a server and several processes at once: each statement is safe to run twice, so
a migration that was cut off starts again from its first statement. On a cluster they are rendered for it.
"""

from pathlib import Path
from typing import NamedTuple

import structlog

from origin.storage.clickhouse import ClickHouse
from origin.storage.clickhouse_cluster import statements

FOLDER = Path(__file__).parent / "clickhouse"
_VERSIONS = """
CREATE TABLE IF NOT EXISTS schema_versions (version UInt32, name String, applied_at DateTime DEFAULT now())
ENGINE = ReplacingMergeTree ORDER BY version
"""
_LONGEST_SECONDS = 3600.0  # of a statement that goes over all clicks
_log = structlog.get_logger(__name__)


class Migration(NamedTuple):
    """One numbered file."""

    version: int
    name: str
    statements: list[str]


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """Every file of the folder, the lowest number first."""
    return [_read(path) for path in sorted(folder.glob("[0-9]*.sql"))]


async def migrate(clickhouse: ClickHouse) -> int:
    """Apply what is missing; returns the version that the database has afterwards."""
    for statement in statements(_VERSIONS.strip(), clickhouse.cluster):
        await clickhouse.command(statement)
    done: set[int] = {row["version"] for row in await clickhouse.query("SELECT version FROM schema_versions")}
    for each in migrations():
        if each.version in done:
            continue
        for written in each.statements:
            for statement in statements(written, clickhouse.cluster):
                await clickhouse.command(statement, seconds=_LONGEST_SECONDS)
        await clickhouse.command(
            "INSERT INTO schema_versions (version, name) SELECT {version:UInt32}, {name:String}",
            {"version": each.version, "name": each.name},
        )
        _log.info("clickhouse_migrated", version=each.version, name=each.name)
        done.add(each.version)
    return max(done)


def _read(path: Path) -> Migration:
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("--"))
    statements = [text.strip() for text in "\n".join(lines).split(";\n")]
    number, _, name = path.stem.partition("_")
    return Migration(int(number), name, [text.rstrip(";") for text in statements if text.rstrip(";")])
