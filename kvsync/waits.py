"""Waiting that ends at once when the process is told to stop."""

import asyncio
import signal


class Signals:
    """`stop` ends the process; `wake` says that there may be work."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.wake = asyncio.Event()

    @property
    def stopping(self) -> bool:
        """The process was told to end."""
        return self.stop.is_set()

    def request_stop(self) -> None:
        """End every wait, now and later."""
        self.stop.set()
        self.wake.set()

    def listen_to_the_system(self) -> None:
        """SIGTERM and SIGINT ask to stop."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self.request_stop)

    async def pause(self, seconds: float) -> None:
        """Wait that long, or until told to stop."""
        await _wait(self.stop, seconds)

    async def for_work(self, seconds: float) -> None:
        """Wait that long, or until woken or told to stop."""
        await _wait(self.wake, seconds)
        if not self.stopping:
            self.wake.clear()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
