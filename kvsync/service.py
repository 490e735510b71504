"""kvsync's composition root: builds the parts, runs them together, ends them together."""

import asyncio

import structlog

from kvsync.feed_writer import FeedWriter
from kvsync.health import Health
from kvsync.http import bind, serve
from kvsync.kv_api import KvApi
from kvsync.listen import listen
from kvsync.metrics import Metrics
from kvsync.monitor import monitor
from kvsync.pack_writer import PackWriter
from kvsync.settings import Settings
from kvsync.startup import wait_for_schema
from kvsync.waits import Signals
from kvsync.worker import GRACE_SECONDS, Worker

log = structlog.get_logger("kvsync")


async def run(settings: Settings, signals: Signals) -> None:
    """Publish changes until told to stop; raises PortTaken. A part that ends by an error ends them all with it."""
    metrics, health = Metrics(), Health()
    listening = bind(settings)
    log.info("started", port=listening.getsockname()[1], kv=settings.cloudflare_api_url)
    async with KvApi(settings) as api:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(serve(listening, metrics, health, signals))
                await wait_for_schema(settings, signals, health)
                group.create_task(Worker(settings, api, signals, metrics, health).run())
                feed = group.create_task(FeedWriter(settings, api, signals, metrics).run())
                packs = group.create_task(PackWriter(settings, api, signals, metrics).run())
                group.create_task(listen(settings, signals, health))
                watch = group.create_task(monitor(settings, api, signals, metrics, health))
                await signals.stop.wait()
                watch.cancel()
                packs.cancel()
                await asyncio.wait((feed,), timeout=GRACE_SECONDS)
                feed.cancel()
        finally:
            signals.request_stop()
    log.info("stopped")
