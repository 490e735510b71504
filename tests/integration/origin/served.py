"""Origin's API on a real port, for clients that are no part of this process's event loop."""

import asyncio
import socket
import threading
from typing import Any, Literal, Self

import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.storage.engine import make_engine
from tests.factories import new_account
from tests.origin_app import make_app


class Served:
    """Origin on a port of its own, in a thread with an event loop of its own."""

    lifespan: Literal["on", "off"] = "off"

    def __init__(self, postgres_url: str, **options: Any) -> None:
        """`options` are those of `make_app`."""
        self._postgres_url = postgres_url
        self._options = options
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/api/v1"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        self._socket.close()

    def app(self, engine: AsyncEngine) -> Starlette:
        """What is served."""
        return make_app(engine, **self._options)

    async def _serve(self) -> None:
        engine = make_engine(self._postgres_url)
        self.account = await new_account(engine)
        config = uvicorn.Config(self.app(engine), log_config=None, lifespan=self.lifespan)
        self._server = uvicorn.Server(config)
        self._ready.set()
        await self._server.serve([self._socket])
        await engine.dispose()
