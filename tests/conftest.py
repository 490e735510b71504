"""What many tests stand on: a Postgres of their own, free ports, a home folder."""

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server's maintenance database: NEARHOP_TEST_DATABASE_URL, or the embedded Postgres for this run."""
    given = os.environ.get("NEARHOP_TEST_DATABASE_URL")
    if given:
        yield given
        return
    from origin.storage.embedded_postgres import running  # noqa: PLC0415  # only where a test asks for it

    with running(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a migrated database that others are copied from."""
    from origin.storage.migrate import upgrade  # noqa: PLC0415  # as above

    with _database(postgres_server, template="template0") as url:
        upgrade(url)
        yield urlsplit(url).path.removeprefix("/")


@pytest.fixture(scope="module")
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A fresh migrated database for the tests of one module."""
    with _database(postgres_server, template=postgres_template) as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh database without any table, for tests of the migrations themselves."""
    with _database(postgres_server, template="template0") as url:
        yield url


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A NEARHOP_HOME of this test's own."""
    return tmp_path / "home"


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Call it for a port of 127.0.0.1 that nothing listens on."""
    return unused_port


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _database(server: str, template: str) -> Iterator[str]:
    """Create a database from a template and drop it at the end."""
    name = f"test_{uuid.uuid4().hex}"
    _run(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield _other_database(server, name)
    finally:
        _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _other_database(url: str, name: str) -> str:
    # By hand: urlunsplit drops the empty host of `postgresql:///name?host=/a/folder`.
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")


def _run(server: str, statement: LiteralString, *names: str) -> None:
    with psycopg.connect(server, autocommit=True, connect_timeout=10) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
