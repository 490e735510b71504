"""The same questions on the same 10 million clicks, of Nearhop and of a Postgres table with a row for each visit.

Both run on this machine in one run, and their answers must be equal. Postgres has its indexes, fresh statistics, visibility
maps and generous memory; Nearhop is asked over HTTP with authentication, Postgres directly. `round_trip_ms` is what that alone
takes: a call that authenticates and asks for the tags of a workspace without any.

The table stays in bench/data like the clicks, and `python -m bench.postgres_clicks` fills it ahead.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import chdb
import psycopg
from psycopg import sql

from bench.click_generator.model import LINKS_STEP
from bench.installation import Installation, installation
from bench.loaded import DATA, HOURS, LoadedHome, loaded_home
from origin.storage import named_sql
from origin.storage.embedded_postgres import running

CLICKS = 10_000_000
REPEATS = 11
PERIODS = (30, 84)  # days
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
    with _filled(loaded) as (connection, facts), installation(loaded.home) as origin:
        questions = _compare(origin, connection, loaded)
        return {**facts, "round_trip_ms": _round_trip(origin), "questions": questions}


@contextmanager
def _filled(loaded: LoadedHome) -> "Iterator[tuple[psycopg.Connection[Any], dict[str, Any]]]":
    """A connection to a Postgres with these clicks, and facts of it; they are noted in the comment of the table."""
    with running(DATA / "postgres") as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TUNED)
        row = connection.execute("SELECT obj_description(to_regclass('visits'), 'pg_class')").fetchone()
        note = json.loads(row[0]) if row and row[0] else {}
        if note.get("end_hour") != loaded.end_hour:
            note = {"end_hour": loaded.end_hour, "facts": _fill(connection, loaded)}
            comment = sql.SQL("COMMENT ON TABLE visits IS {}").format(json.dumps(note))
            connection.execute(comment)
        yield connection, {**note["facts"], "nearhop_bytes_per_click": loaded.facts["disk_bytes_per_click"]}


def _round_trip(origin: Installation) -> float:
    """Milliseconds, the median."""
    taken = []
    with origin.client() as client:
        for _ in range(REPEATS + 1):
            began = time.perf_counter()
            client.get("/tags").raise_for_status()
            taken.append(time.perf_counter() - began)
    return round(statistics.median(taken[1:]) * 1000, 1)


def _compare(origin: Installation, connection: "psycopg.Connection[Any]", loaded: LoadedHome) -> dict[str, Any]:
    origin.make_links(1, 1)
    end = datetime.fromtimestamp(loaded.end_hour * 3600, UTC).replace(hour=0)
    results = {}
    for days in PERIODS:
        start = end - timedelta(days=days)
        nearhop, postgres = _nearhop(origin, start, end), _postgres(origin, connection, start, end)
        for scope in ("workspace", "link"):
            for grouping in ("count", "timeseries", *_COLUMNS):
                results[f"{scope} {days}d {grouping}"] = _side_by_side(nearhop, postgres, scope, grouping)
    return results


def _side_by_side(nearhop: Asker, postgres: Asker, scope: str, grouping: str) -> dict[str, float]:
    """Medians of calls in turns, after one that warms up and shows that the answers are equal."""
    assert nearhop(scope, grouping) == postgres(scope, grouping), f"{scope} {grouping}: the answers differ"
    taken: dict[str, list[float]] = {"nearhop": [], "postgres": []}
    for _ in range(REPEATS):
        for name, ask in (("nearhop", nearhop), ("postgres", postgres)):
            began = time.perf_counter()
            ask(scope, grouping)
            taken[name].append(time.perf_counter() - began)
    ours, theirs = statistics.median(taken["nearhop"]), statistics.median(taken["postgres"])
    return {
        "nearhop_ms": round(ours * 1000, 1),
        "postgres_ms": round(theirs * 1000, 1),
        "ratio": round(theirs / ours, 1),
    }


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
    ids = {"workspace": origin.workspace, "link": origin.workspace * LINKS_STEP + 1}

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
    }


if __name__ == "__main__":
    with _filled(loaded_home(CLICKS)) as (_, facts):
        print(json.dumps(facts, indent=2))
