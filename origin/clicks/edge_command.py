"""`python -m origin edge`: what became of the clicks at the edge, by what its isolates told."""

import asyncio
import sys

from origin.clicks.edge_counters import EdgeCounters
from origin.settings import OriginSettings
from origin.storage.engine import make_engine

_SHOWN = ("clicks_kept", "clicks_sent", "clicks_queued", "clicks_dropped", "kv_reads", "origin_reads")


def main(settings: OriginSettings) -> int:
    """Print the sums and the busiest isolates; 0."""
    return asyncio.run(_print(settings))


async def _print(settings: OriginSettings) -> int:
    engine = make_engine(settings.postgres_url)
    try:
        counters = EdgeCounters(engine)
        rows = [("all isolates", await counters.sums(), "")]
        rows += [
            (row.isolate, row.counters, row.seen_at.isoformat(timespec="seconds")) for row in await counters.isolates()
        ]
    finally:
        await engine.dispose()
    sys.stdout.write("\t".join(("isolate", *_SHOWN, "last batch")) + "\n")
    for name, told, seen_at in rows:
        sys.stdout.write("\t".join((name, *(str(told.get(each, 0)) for each in _SHOWN), seen_at)) + "\n")
    return 0
