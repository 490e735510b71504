"""Files of origin's, handed on as they come: never more than a part of them is here."""

from collections.abc import AsyncIterator

import httpx
from starlette.responses import Response, StreamingResponse

TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}


def download(file: httpx.Response, name: str) -> Response:
    """Origin's answer as a file to keep under this name, whose ending says its type."""
    return attachment(_passed_on(file), name)


def attachment(parts: AsyncIterator[bytes], name: str) -> Response:
    """The same for bytes that are made here."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(parts, media_type=TYPES[name.rpartition(".")[2]], headers=headers)


async def _passed_on(file: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for part in file.aiter_bytes():
            yield part
    finally:
        await file.aclose()
