"""Styles and scripts: each URL carries a hash of the file, so browsers keep them for a year and never see an old one."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"
_FOUND = (200, 304)


@cache
def asset(name: str) -> str:
    """The URL of a file below static/; without a hash where `make assets` has not built it."""
    path = FOLDER / name
    if not path.is_file():
        return f"/static/{name}"
    return f"/static/{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


class HashedFiles(StaticFiles):
    """Static files; one that was asked for by its hash may be kept forever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if scope["query_string"].startswith(b"v=") and response.status_code in _FOUND:
            response.headers["Cache-Control"] = FOREVER
        else:
            response.headers["Cache-Control"] = "no-cache"
        return response
