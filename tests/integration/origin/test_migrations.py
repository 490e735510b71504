"""The migrations, from nothing, on whichever Postgres the tests run on."""

import os
import subprocess
import sys
from importlib import import_module
from importlib.resources import files

import psycopg
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from origin.storage.engine import sqlalchemy_url
from origin.storage.migrate import is_current, upgrade
from origin.storage.tables import metadata


def is_ours(name: str | None, kind: str, _: object) -> bool:
    """Everything but the queue's tables, which are procrastinate's own."""
    return kind != "table" or not str(name).startswith("procrastinate_")


def test_the_tables_of_the_code_are_those_of_the_migrations(postgres_url: str) -> None:
    engine = sa.create_engine(sqlalchemy_url(postgres_url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_name": is_ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_both_sequences_begin_and_grow_as_the_code_says(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        rows = connection.execute(
            "SELECT sequencename, start_value, min_value, increment_by FROM pg_sequences WHERE sequencename = ANY(%s)",
            [["link_version", "code_block"]],
        ).fetchall()
    assert sorted(rows) == [("code_block", 0, 0, 1), ("link_version", 1, 1, 1)]


def test_an_empty_database_is_behind_until_it_is_migrated(empty_postgres_url: str) -> None:
    assert not is_current(empty_postgres_url)
    upgrade(empty_postgres_url)
    assert is_current(empty_postgres_url)


def test_processes_that_migrate_at_once_do_it_one_after_the_other(empty_postgres_url: str) -> None:
    environ = {**os.environ, "DATABASE_URL": empty_postgres_url, "NEARHOP_DATABASE_URL": ""}
    command = [sys.executable, "-m", "origin", "migrate"]
    started = [subprocess.Popen(command, env=environ) for _ in range(3)]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
    with psycopg.connect(empty_postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_no_extension_is_needed(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT extname FROM pg_extension").fetchall() == [("plpgsql",)]


def test_the_job_queues_schema_is_the_one_of_the_installed_release() -> None:
    shipped = (each.name for each in files("procrastinate.sql.migrations").iterdir())
    newest = max(name for name in shipped if name.endswith(".sql"))
    migration = import_module("origin.storage.migrations.versions.0002_pre_jobs")
    assert newest == migration.LAST, "add a migration that brings older databases to the new schema, and name it here"
