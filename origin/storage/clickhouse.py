"""ClickHouse, embedded (chDB in this process) or a server, behind one async class over clickhouse-connect.

The client library is synchronous: each call runs in a thread, on the one writer or on a reader that is free. The engine
stops a query at its time limit, and the caller stops waiting soon after, whatever the engine does.
"""

import queue
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import anyio
import anyio.to_thread
import clickhouse_connect
import pyarrow as pa  # type: ignore[import-untyped]  # has no types of its own
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from origin.storage.clickhouse_cluster import INSERT_SETTINGS as CLUSTER_SETTINGS
from origin.storage.folder_lock import FolderLock

T = TypeVar("T")
Rows = list[dict[str, Any]]
Columns = Sequence[Sequence[Any]]
ColumnBlocks = AsyncIterator[Columns]

DATABASE = "nearhop"
# All of them, always: with them a block sent again under its token is dropped in the table and in each view's table. What a
# view makes of it is one block too, however many values it has: of several, a killed insert could leave some behind, and
# nothing says that its repetition makes them in the same order.
_INSERT_SETTINGS = {
    "async_insert": 0,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "min_insert_block_size_rows": 1 << 40,
    "min_insert_block_size_bytes": 1 << 40,
}
# Questions are short and never quite the same: compiling their expressions, statistics of columns and a pool of readers
# would take longer than they save, as would reading the columns of filters one after the other: they let many rows pass.
_READ_SETTINGS = {
    "compile_expressions": 0,
    "compile_aggregate_expressions": 0,
    "use_statistics": 0,
    "local_filesystem_read_method": "pread",
    "enable_multiple_prewhere_read_steps": 0,
}
# What servers of some years don't know. The engine gives a question one thread where it has less than a gigabyte for each: it
# never has, and questions need little. Its way to group by millions of keys takes twice as long for thousands.
_EMBEDDED_READ_SETTINGS = {"max_threads_min_free_memory_per_thread": 64 << 20, "enable_adaptive_aggregator": 0}
_GRACE_SECONDS = 5.0
_CONNECT_SECONDS = 30.0
_BLOCK_SECONDS = 60.0
MOST_STREAMS = 4
# Small blocks: each is a list of Python objects for a while.
_STREAM_SETTINGS = {"max_block_size": 8192, "preferred_block_size_bytes": 0, "max_threads": 2, "max_execution_time": 0}
_TAKEN = (
    "Process {owner} has the embedded ClickHouse at {folder} open: stop it, give this one another NEARHOP_HOME,"
    " or set NEARHOP_CLICKHOUSE_URL to a server that both may use."
)


class ClickHouseUnavailable(Exception):
    """ClickHouse does not answer, or refuses: its own words follow."""


class TooManyStreams(Exception):
    """As many exports as origin makes at once are under way: try again when one has ended."""


class ClickHouse:
    """One writer and a few readers on one database. `open` it before use and `close` it at the end."""

    def __init__(
        self, folder: Path, url: str = "", *, cluster: str = "", readers: int = 3, memory_mb: int = 1500
    ) -> None:
        self.embedded = not url
        self.cluster = cluster  # the name of one in the server's own settings; empty: the server alone
        self._url = url
        self._folder = folder
        self._memory_mb = memory_mb
        self._lock = FolderLock(folder.with_name(folder.name + ".lock"), _TAKEN.replace("{folder}", str(folder)))
        self._writers: queue.Queue[Client] = queue.Queue()
        self._readers: queue.Queue[Client] = queue.Queue()
        self._reader_count = readers
        self._threads = anyio.CapacityLimiter(readers + 2)
        self._opened: list[Client] = []
        self._connect: Callable[[], Client] = self._server_client
        self._streams = 0
        self._types: dict[str, dict[str, str]] = {}
        self._read_settings = {**_READ_SETTINGS, **(_EMBEDDED_READ_SETTINGS if self.embedded else {})}
        self.opened = False
        self.database = DATABASE if self.embedded else database_of(url)

    def reserve(self) -> None:
        """Make the embedded engine's folder this process's own; raises FolderLocked. `open` does it too."""
        if self.embedded:
            self._lock.acquire()

    async def open(self, seconds: float = 60.0) -> None:
        """Connect, making the database where it is missing; raises ClickHouseUnavailable."""
        await self._in_thread(self._open, seconds)
        self.opened = True

    async def query(self, sql: str, parameters: dict[str, Any] | None = None, *, seconds: float = 10.0) -> Rows:
        """The rows of a SELECT as dicts; `{name:Type}` in the text is bound from `parameters`."""

        def run(client: Client) -> Rows:
            settings = {**self._read_settings, "max_execution_time": seconds}
            result = client.query(sql, parameters=parameters, settings=settings)
            return list(result.named_results())

        return await self._on(self._readers, run, seconds)

    @asynccontextmanager
    async def stream(self, sql: str, parameters: dict[str, Any]) -> AsyncIterator[ColumnBlocks]:
        """The answer of a SELECT block by block, each a list of columns, on a connection of its own.

        Only a few blocks are in memory at once. Raises TooManyStreams while others stream.
        """
        if not self.opened:
            raise ClickHouseUnavailable("ClickHouse is not connected yet")
        if self._streams >= MOST_STREAMS:
            raise TooManyStreams(str(TooManyStreams.__doc__))
        self._streams += 1
        client: Client | None = None
        try:
            client = await self._in_thread(self._connect, _CONNECT_SECONDS)
            query = partial(client.query_column_block_stream, sql, parameters, settings=_STREAM_SETTINGS)
            blocks = await self._in_thread(query, _BLOCK_SECONDS)
            with blocks:
                yield self._blocks(blocks)
        finally:
            self._streams -= 1
            if client is not None:
                client.close()

    async def _blocks(self, blocks: Iterator[Columns]) -> AsyncIterator[Columns]:
        while (block := await self._in_thread(partial(next, blocks, None), _BLOCK_SECONDS)) is not None:
            yield block

    async def insert(
        self, table: str, columns: Sequence[str], data: Sequence[Sequence[Any]], token: str, *, seconds: float = 60.0
    ) -> None:
        """Insert one block, given column by column. A block sent again under the same token changes nothing."""
        settings = self._insert_settings(token)

        def run(client: Client) -> None:
            context = client.create_insert_context(
                table,
                column_names=columns,
                column_type_names=self._types_of(client, table, columns),
                column_oriented=True,
                settings=settings,
                data=data,
            )
            # One block, however wide its rows are: ClickHouse numbers the blocks of an insert under its token, so a retry
            # that the client cuts elsewhere (it goes by the rows' size) would be new to it.
            context.block_row_count = max(1, context.row_count)
            client.insert(context=context)

        await self._on(self._writers, run, seconds)

    async def insert_arrow(self, table: str, rows: pa.RecordBatch, token: str, *, seconds: float = 60.0) -> None:
        """The same for columns that are in Arrow's format already: ClickHouse reads a record batch as one block."""
        settings = self._insert_settings(token)
        options = pa.ipc.IpcWriteOptions(compression=None if self.embedded else "lz4")

        def run(client: Client) -> None:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, rows.schema, options=options) as stream:
                stream.write_batch(rows)
            client.raw_insert(table, rows.schema.names, sink.getvalue().to_pybytes(), settings, "ArrowStream")

        await self._on(self._writers, run, seconds)

    async def command(self, sql: str, parameters: dict[str, Any] | None = None, *, seconds: float = 60.0) -> None:
        """Run a statement that returns nothing."""

        def run(client: Client) -> None:
            client.command(sql, parameters=parameters)

        await self._on(self._writers, run, seconds)

    async def ping(self) -> None:
        """Ask for a row; raises ClickHouseUnavailable."""
        await self.query("SELECT 1 AS one", seconds=2.0)

    async def close(self) -> None:
        """Close every client, waiting for calls that still run, and let another process have the engine."""
        self.opened = False
        await self._in_thread(self._close, 30.0)

    async def _on(self, clients: "queue.Queue[Client]", work: Callable[[Client], T], seconds: float) -> T:
        if not self.opened:
            raise ClickHouseUnavailable("ClickHouse is not connected yet")

        def run() -> T:
            client = clients.get(timeout=seconds)
            try:
                return work(client)
            finally:
                clients.put(client)  # only now: a call that nobody waits for any more still has its client

        return await self._in_thread(run, seconds + _GRACE_SECONDS)

    async def _in_thread(self, work: Callable[[], T], seconds: float) -> T:
        try:
            with anyio.fail_after(seconds):
                return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)
        except TimeoutError as error:
            raise ClickHouseUnavailable(f"ClickHouse did not answer within {seconds:g} s") from error
        except queue.Empty as error:
            raise ClickHouseUnavailable("every connection to ClickHouse is busy") from error
        except (ClickHouseError, OSError) as error:
            raise ClickHouseUnavailable(str(error)) from error

    def _insert_settings(self, token: str) -> dict[str, Any]:
        return {
            **_INSERT_SETTINGS,
            **(CLUSTER_SETTINGS if self.cluster else {}),
            "insert_deduplication_token": token,
        }

    def _types_of(self, client: Client, table: str, columns: Sequence[str]) -> list[str]:
        # Asked once: the library would describe the table before each insert.
        if table not in self._types:
            rows = client.query(f"DESCRIBE TABLE `{table}`").result_rows
            self._types[table] = {row[0]: row[1] for row in rows}
        return [self._types[table][column] for column in columns]

    def _open(self) -> None:
        self._connect = connect = self._open_engine() if self.embedded else self._server_client
        try:
            for clients, count in ((self._writers, 1), (self._readers, self._reader_count)):
                for _ in range(count):
                    client = connect()
                    self._opened.append(client)
                    clients.put(client)
        except BaseException:
            self._close()
            raise

    def _open_engine(self) -> Callable[[], Client]:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        return partial(self._client, interface="chdb", path=str(self._folder), chdb_options=self._engine_options())

    def _engine_options(self) -> dict[str, Any]:
        return {"max_server_memory_usage": self._memory_mb << 20}

    def _server_client(self) -> Client:
        # Sessions would make two calls on one client wait for each other on the server.
        return self._client(**connection_arguments(self._url), autogenerate_session_id=False, query_retries=0)

    def _client(self, **arguments: Any) -> Client:
        client = clickhouse_connect.get_client(**arguments, database="")
        if not self._opened:
            on = f" ON CLUSTER '{self.cluster}'" if self.cluster else ""
            client.command(f"CREATE DATABASE IF NOT EXISTS `{self.database}`{on}", use_database=False)
        client.database = self.database
        return client

    def _close(self) -> None:
        for client in self._opened:
            client.close()
        self._opened.clear()
        self._writers, self._readers = queue.Queue(), queue.Queue()
        self._lock.release()


def database_of(url: str) -> str:
    """The database that a ClickHouse URL names in its path, `nearhop` where it names none."""
    return unquote(urlsplit(url).path.strip("/")) or DATABASE


def connection_arguments(url: str) -> dict[str, Any]:
    """clickhouse-connect's arguments for `http(s)://user:password@host:port/database`."""
    parts = urlsplit(url)
    return {
        "interface": parts.scheme,
        "host": parts.hostname,
        "port": parts.port or (8443 if parts.scheme == "https" else 8123),
        "username": unquote(parts.username or "default"),
        "password": unquote(parts.password or ""),
        "connect_timeout": 5,
        "send_receive_timeout": 120,
    }
