"""Made-up clicks: printed as JSON lines, posted to a running intake, or loaded straight into ClickHouse."""

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path

from bench.click_generator.batches import batches
from bench.click_generator.load import Loader
from bench.click_generator.model import Model, Shape
from bench.click_generator.post import post_all
from origin.storage.clickhouse import ClickHouse
from origin.storage.clickhouse_schema import migrate
from shared.home import local_secrets


def main(arguments: list[str]) -> int:
    """Do what the arguments say; 0 when all clicks are where they belong."""
    options = _parser().parse_args(arguments)
    model = Model(_shape(options))
    if options.command == "print":
        for number in range(model.shape.clicks):
            print(json.dumps(model.event(number), ensure_ascii=False), flush=number % 100 == 0)
    elif options.command == "post":
        asyncio.run(_post(model, options))
    else:
        asyncio.run(_load(model, options))
    return 0


async def _post(model: Model, options: argparse.Namespace) -> None:
    secret = options.secret or local_secrets(options.home)["edge_secret"]
    posted = await post_all(options.origin, secret, batches(model), rate=options.rate)
    print(
        f"{posted.clicks} clicks acknowledged in {posted.seconds:.1f} s ({posted.clicks / posted.seconds:.0f} a second)"
    )


async def _load(model: Model, options: argparse.Namespace) -> None:
    clickhouse = ClickHouse(options.home / "clickhouse", options.clickhouse_url, memory_mb=options.memory_mb)
    await clickhouse.open()
    try:
        await migrate(clickhouse)
        loaded = await Loader(clickhouse, model).load(lambda done: print(f"{done} clicks", flush=True))
    finally:
        await clickhouse.close()
    print(f"{loaded.clicks} clicks in {loaded.seconds:.0f} s ({loaded.clicks / loaded.seconds:.0f} a second)")


def _shape(options: argparse.Namespace) -> Shape:
    hours = round(options.days * 24)
    end = int(time.time()) // 3600 if options.until_hour is None else options.until_hour
    return Shape(options.seed, options.clicks, end - hours, hours, options.workspaces, options.links, options.regulars)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.click_generator", description=__doc__)
    defaults = Shape()
    parser.add_argument("--seed", type=int, default=defaults.seed, help="another seed makes other clicks")
    parser.add_argument("--clicks", type=int, default=10_000)
    parser.add_argument("--days", type=float, default=7, help="length of the window")
    parser.add_argument("--until-hour", type=int, help="its end, in hours of unix time; now by default")
    parser.add_argument("--workspaces", type=int, default=defaults.workspaces)
    parser.add_argument("--links", type=int, default=defaults.links, help="of the largest workspace")
    parser.add_argument("--regulars", type=int, default=defaults.regulars, help="returning visitors of a place")
    home = Path(os.environ.get("NEARHOP_HOME", ".nearhop"))
    parser.add_argument("--home", type=Path, default=home, help="NEARHOP_HOME of the installation")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("print", help="print each click as the edge would describe it, a JSON object a line")
    post = commands.add_parser("post", help="post signed batches to a running intake (at most 31 days old)")
    origin = os.environ.get("NEARHOP_URL", "http://127.0.0.1:8000")
    post.add_argument("--origin", default=origin, help="address of origin; NEARHOP_URL by default")
    post.add_argument("--secret", default="", help="NEARHOP_EDGE_SECRET; the home's by default")
    post.add_argument("--rate", type=float, default=0, help="clicks a second; as fast as it goes by default")
    load = commands.add_parser("load", help="load into ClickHouse in bulk; origin must not run on an embedded one")
    load.add_argument("--clickhouse-url", default="", help="a server; the home's embedded engine by default")
    load.add_argument("--memory-mb", type=int, default=4000, help="memory of the embedded engine")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
