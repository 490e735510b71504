"""Origin's feed of events, narrowed down to what a page is about and turned into rows of its list."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import msgspec

from dashboard.analytics_types import Event
from dashboard.question import Question

# Filter of a page: the field of an event's request that has it, where events tell it at all.
_FIELDS = {
    "country": "country", "region": "region", "city": "city", "continent": "continent", "language": "language",
    "referer": "referer", "refererUrl": "referer_url", "channel": "channel", "trigger": "trigger", "device": "device",
    "browser": "browser", "os": "os", "url": "url", "variant": "variant",
}  # fmt: skip
_OF_EVENT = {"linkId", "domain"}


def can_follow(question: Question) -> bool:
    """Whether events say enough to tell which of them belong to the page."""
    return all(name in _FIELDS or name in _OF_EVENT for name in question.filters)


def fits(event: Event, question: Question) -> bool:
    """Whether the page would list it."""
    kind = event.click.verdict if event.event == "click" else event.event
    if question.kind != "all" and kind != (question.kind or "click"):
        return False
    return all(
        (value(event, name) in wanted.split(",")) != (name in question.excluded)
        for name, wanted in question.filters.items()
    )


def value(event: Event, name: str) -> str:
    """What it has of a filter, in the API's words; "" where events do not tell."""
    if name == "linkId":
        return event.link.id
    return event.domain if name == "domain" else str(getattr(event.click, _FIELDS.get(name, ""), ""))


class Feeds:
    """All feeds that are read just now. They end when the dashboard is asked to, as its server would wait for them."""

    def __init__(self) -> None:
        self._waits: set[asyncio.Timeout] = set()
        self._stopped = False

    def stop(self) -> None:
        """End them, and those that begin from now on."""
        self._stopped = True
        for each in self._waits:
            each.reschedule(0)  # long ago

    async def parts(self, feed: httpx.Response) -> AsyncIterator[bytes]:
        """What comes, until the feed ends or is to."""
        coming = feed.aiter_bytes()
        while not self._stopped:
            wait = asyncio.timeout(None)
            self._waits.add(wait)
            try:
                async with wait:
                    part = await anext(coming)
            except (StopAsyncIteration, TimeoutError, httpx.HTTPError):
                return  # or origin went away; the browser comes again
            finally:
                self._waits.discard(wait)
            yield part


async def rows(parts: AsyncIterator[bytes], question: Question, row: Callable[..., str]) -> AsyncIterator[bytes]:
    """Server-sent events of rows. Ids, pauses and signs of life are passed on, so that the browser resumes where it was."""
    event_id = data = ""
    async for line in _lines(parts):
        name, _, text = line.partition(": ")
        if name == "id":
            event_id = text
        elif name == "data":
            data = text
        elif line and name != "event":  # a pause to keep before the next try, or a comment
            yield f"{line}\n\n".encode()
        elif not line and data:
            yield _written(event_id, data, question, row)
            event_id = data = ""


async def _lines(parts: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Only a line feed ends one: what else Unicode ends a line with may be in the data."""
    rest = b""
    async for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield line.decode()


def _written(event_id: str, data: str, question: Question, row: Callable[..., str]) -> bytes:
    """An event of the page as a row; of others only the id is told, so that a script knows where it was."""
    event = msgspec.json.decode(data, type=Event)
    if not fits(event, question):
        return f"id: {event_id}\nevent: passed\ndata: -\n\n".encode()
    html = "\n".join(f"data: {line}" for line in row(event=event).splitlines() if line.strip())
    return f"id: {event_id}\nevent: row\n{html}\n\n".encode()
