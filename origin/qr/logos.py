"""Logos for the middle of QR codes: fetched, made small and plain, remembered for a while."""

import asyncio
import io
import logging
import time
from urllib.parse import urlsplit

import sqlalchemy as sa
from PIL import Image, UnidentifiedImageError
from starlette.requests import Request

from origin.outbound import Fetched, Outbound, Unfetchable
from origin.problems import Unprocessable
from origin.qr.cache import ByteCache
from origin.storage.tables import domains
from origin.storage.transaction import transaction
from origin.threads import BoundedThreads

_log = logging.getLogger(__name__)

_KINDS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
_MOST_BYTES = 1_000_000
_MOST_PIXELS = 16_000_000
_SIDE = 320  # of the picture that is kept: the largest that is drawn
_REMEMBER_SECONDS = 600
# A URL that could not be read is not tried again before.
_LEAVE_ALONE_SECONDS = 60
_MOST_FAILED = 1_000
_CACHE_BYTES = 8_000_000


class Logos:
    """Reads logos. A picture is drawn anew, so nothing but its pixels gets into a code."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._known = ByteCache(_CACHE_BYTES)
        self._failed: dict[str, tuple[float, str]] = {}  # until when, and why
        self._asked: dict[str, asyncio.Lock] = {}  # what is being fetched right now
        # A picture of many pixels takes 100 MB while it is made small.
        crowded = "Too many logos are read at this moment: try again in a few seconds."
        self._threads = BoundedThreads(1, 20, crowded)

    async def fetch(self, url: str) -> bytes:
        """The logo as a small PNG; raises Unprocessable that says what is amiss with the URL."""
        lock = self._asked.setdefault(url, asyncio.Lock())
        try:
            async with lock:  # many codes with one logo cause one call
                return await self._remembered(url)
        finally:
            if not lock.locked():
                self._asked.pop(url, None)

    async def _remembered(self, url: str) -> bytes:
        now = time.monotonic()
        key = f"{int(now / _REMEMBER_SECONDS)} {url}"
        known = self._known.get(key)
        if known is not None:
            return known
        until, reason = self._failed.get(url, (0.0, ""))
        if now < until:
            raise Unprocessable(reason)
        try:
            picture = await self._read(url)
        except Unprocessable as error:
            if len(self._failed) >= _MOST_FAILED:
                self._failed.clear()
            self._failed[url] = time.monotonic() + _LEAVE_ALONE_SECONDS, error.message
            raise
        self._known.put(key, picture)
        return picture

    async def _read(self, url: str) -> bytes:
        try:
            found = await self._outbound.get(url, kinds=frozenset(_KINDS), most_bytes=_MOST_BYTES)
        except Unfetchable as error:
            raise Unprocessable(f"logo: {error}.") from error
        return await self._threads.run(_small_png, found)

    async def of_domain(self, request: Request, url: str) -> bytes | None:
        """The logo of the short domain that this URL is on; None where it has none, or one that can't be read now."""
        host = _host(url)
        async with transaction(request) as connection:
            select = sa.select(domains.c.logo).where(domains.c.slug == host, domains.c.verified_at.isnot(None))
            logo = (await connection.execute(select)).scalar_one_or_none()
        if not logo:
            return None
        try:
            return await self.fetch(logo)
        except Unprocessable as error:  # the code is of use without it
            _log.warning("the logo of a domain can't be drawn: %s", error.message, extra={"domain": host})
            return None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # what is in a code need not be a URL
        return ""


def _small_png(found: Fetched) -> bytes:
    try:
        with Image.open(io.BytesIO(found.content), formats=[_KINDS[found.kind]]) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise Unprocessable(f"logo: it has {picture.width} x {picture.height} pixels. Use a smaller picture.")
            plain = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unprocessable(f"logo: what is there is no valid {_KINDS[found.kind]} picture.") from error
    plain.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    plain.save(out, "PNG", optimize=True)
    return out.getvalue()
