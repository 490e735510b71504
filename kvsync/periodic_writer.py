"""A task that writes to KV now and then, with a connection of its own, so that it never holds up publishing."""

import os
import socket
import uuid
from typing import Any

import psycopg
from psycopg import AsyncConnection

from kvsync import database
from kvsync.backoff import Backoff
from kvsync.errors import KvBusy, KvError
from kvsync.kv_api import KvApi
from kvsync.metrics import Metrics
from kvsync.settings import Settings
from kvsync.waits import Signals


class PeriodicWriter:
    """Several may run at once: the one that holds the claim writes. A subclass says what (`round`) and how often (`pause`)."""

    pause: float  # seconds between two looks; 0 for never

    def __init__(self, settings: Settings, api: KvApi, signals: Signals, metrics: Metrics) -> None:
        self._settings = settings
        self._api = api
        self._signals = signals
        self._metrics = metrics
        self._backoff = Backoff(settings.kv_backoff_seconds)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"

    async def run(self) -> None:
        """Write until told to stop, through failures of Postgres and of KV."""
        while not self._signals.stopping and self.pause:
            try:
                async with await database.connect(self._settings.database_url) as connection:
                    while not self._signals.stopping:
                        await self._signals.pause(await self._next_pause(connection))
            except psycopg.Error as error:
                self._failed(database.why(error))
                await self._signals.pause(self._backoff.next())

    async def _next_pause(self, connection: AsyncConnection[Any]) -> float:
        try:
            await self.round(connection)
        except KvError as error:
            self._failed(str(error))
            return self._backoff.next(error.retry_after if isinstance(error, KvBusy) else None)
        self._backoff.reset()
        return self.pause

    async def round(self, connection: AsyncConnection[Any]) -> bool:
        """Write if it is due and nobody else does, and say whether; raises KvError and psycopg.Error."""
        raise NotImplementedError

    def _failed(self, why: str) -> None:
        raise NotImplementedError
