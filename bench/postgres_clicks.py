"""The same questions on the same 10 million clicks, of Nearhop and of a Postgres table with a row for each visit.

Both run on this machine in one run, and their answers must be equal. Postgres has its indexes, fresh statistics, visibility
maps and generous memory; Nearhop is asked over HTTP with authentication, Postgres directly.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import chdb
import psycopg

from bench.installation import Installation, installation
from bench.loaded import DATA, HOURS, LoadedHome, loaded_home
from origin.storage import named_sql
from origin.storage.embedded_postgres import running

CLICKS = 10_000_000
REPEATS = 7
DAYS = 30
_COLUMNS = {
    "countries": ("country", "country"), "referers": ("referer", "referer"), "browsers": ("browser", "browser"),
    "devices": ("device", "device"), "os": ("os", "os"),
}  # fmt: skip
_SQL = named_sql.load(DATA.parent / "postgres_clicks.sql")
_TUNED = "SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'; SET effective_cache_size = '8GB'"

Answer = dict[str, int]
Asker = Callable[[str, str], Answer]


def run() -> dict[str, Any]:
    """Milliseconds of each, and how many times longer Postgres takes."""
    loaded = loaded_home(CLICKS)
    home = DATA / "postgres"
    with running(home) as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TUNED)
        facts = _fill(connection, loaded)
        with installation(loaded.home) as origin:
            return {**facts, "questions": _compare(origin, connection, loaded)}


def _compare(origin: Installation, connection: "psycopg.Connection[Any]", loaded: LoadedHome) -> dict[str, Any]:
    origin.make_links(1, 1)
    end = datetime.fromtimestamp(loaded.end_hour * 3600, UTC).replace(hour=0)
    start = end - timedelta(days=DAYS)
    nearhop, postgres = _nearhop(origin, start, end), _postgres(origin, connection, start, end)
    results = {}
    for scope in ("workspace", "link"):
        for grouping in ("count", "timeseries", *_COLUMNS):
            ours, answer = _median(nearhop, scope, grouping)
            theirs, other = _median(postgres, scope, grouping)
            assert answer == other, f"{scope} {grouping}: the answers differ"
            results[f"{scope} {DAYS}d {grouping}"] = {
                "nearhop_ms": round(ours * 1000, 1),
                "postgres_ms": round(theirs * 1000, 1),
                "ratio": round(theirs / ours, 1),
            }
    return results


def _nearhop(origin: Installation, start: datetime, end: datetime) -> Asker:
    client = origin.client()

    def ask(scope: str, grouping: str) -> Answer:
        parameters = {"event": "clicks", "groupBy": grouping, "start": start.isoformat(), "end": end.isoformat()}
        if scope == "link":
            parameters["linkId"] = origin.link(1)
        answer = client.get("/analytics", params=parameters)
        answer.raise_for_status()
        body = answer.json()
        if grouping == "count":
            return {"": body["clicks"]}
        if grouping == "timeseries":
            return {datetime.fromisoformat(row["start"]).date().isoformat(): row["clicks"] for row in body}
        return {row[_COLUMNS[grouping][0]]: row["clicks"] for row in body}

    return ask


def _postgres(origin: Installation, connection: "psycopg.Connection[Any]", start: datetime, end: datetime) -> Asker:
    scopes = {"workspace": "workspace_id = %(id)s", "link": "link_id = %(id)s"}
    ids = {"workspace": origin.workspace, "link": origin.workspace * 1_000_000 + 1}

    def ask(scope: str, grouping: str) -> Answer:
        sql = _SQL.get(grouping, _SQL["top"]).replace("/*scope*/", scopes[scope])
        if grouping in _COLUMNS:
            sql = sql.replace("/*column*/", _COLUMNS[grouping][1])
        rows = connection.execute(sql, {"id": ids[scope], "start": start, "end": end}).fetchall()
        if grouping == "count":
            return {"": rows[0][0]}
        if grouping == "timeseries":
            return {value.astimezone(UTC).date().isoformat(): clicks for value, clicks in rows}
        return dict(rows)

    return ask


def _median(ask: Asker, scope: str, grouping: str) -> tuple[float, Answer]:
    """The median time after a first call that warms up, and the answer."""
    answer = ask(scope, grouping)
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        ask(scope, grouping)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken), answer


def _fill(connection: "psycopg.Connection[Any]", loaded: LoadedHome) -> dict[str, Any]:
    """Copy the clicks over, index them, and say how large they are."""
    began = time.perf_counter()
    connection.execute("DROP TABLE IF EXISTS visits")
    connection.execute(_SQL["table"])
    engine = chdb.connect(str(loaded.home / "clickhouse"))  # type: ignore[no-untyped-call]  # has no types of its own
    try:
        last = loaded.end_hour // 24
        for day in range(last - HOURS // 24 - 1, last + 1):
            rows = engine.query(_SQL["export"].replace("{day}", str(day)), "TSV").bytes()
            with connection.cursor().copy("COPY visits FROM STDIN") as copy:
                copy.write(rows)
    finally:
        engine.close()
    for statement in (_SQL["index_workspace"], _SQL["index_link"], "VACUUM ANALYZE visits"):
        connection.execute(statement)
    row = connection.execute("SELECT count(*), pg_total_relation_size('visits') FROM visits").fetchone()
    assert row is not None
    assert row[0] == CLICKS, row
    return {
        "clicks": CLICKS,
        "postgres_load_s": round(time.perf_counter() - began),
        "postgres_bytes_per_click": round(row[1] / CLICKS, 1),
        "nearhop_bytes_per_click": loaded.facts["disk_bytes_per_click"],
    }
