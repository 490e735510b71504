"""What origin streams, handed on as it comes: never more than a part of it is here."""

from collections.abc import AsyncIterator

import anyio
import httpx
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}


class PassedOn(StreamingResponse):
    """Bytes that are made of an answer of origin's, which is closed with it.

    Also where the reader leaves before the first byte: then the code that makes them never begins, nor ends.
    """

    def __init__(self, source: httpx.Response, parts: AsyncIterator[bytes], media_type: str, **headers: str) -> None:
        super().__init__(parts, media_type=media_type, headers=headers)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await self._source.aclose()


def download(file: httpx.Response, name: str) -> Response:
    """Origin's answer as a file to keep under this name, whose ending says its type."""
    return PassedOn(file, file.aiter_bytes(), _type(name), **_kept_as(name))


def attachment(parts: AsyncIterator[bytes], name: str) -> Response:
    """The same for bytes that are made here."""
    return StreamingResponse(parts, media_type=_type(name), headers=_kept_as(name))


def _type(name: str) -> str:
    return TYPES[name.rpartition(".")[2]]


def _kept_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
