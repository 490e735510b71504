"""`python -m deploy.demo FILE [VISITS]`: the main job on a Nearhop of its own, in a folder that is gone afterwards."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from deploy.demo.job import Findings, run_job
from deploy.local.errors import CannotStart
from deploy.local.stack import Stack

VISITS = 20_000
_SHOWN = 10


def main(arguments: list[str]) -> int:
    """Returns 0 when everything that was asked was seen."""
    file = Path(arguments[0])
    if not file.is_file():
        print(f"{file} is not a file: name one with FILE=, one URL a line.", file=sys.stderr)
        return 2
    visits = int(arguments[1]) if len(arguments) > 1 else VISITS
    console = Console()
    with tempfile.TemporaryDirectory(prefix="nearhop-demo-") as folder:
        try:
            console.print("Starting a Nearhop of its own …")
            with Stack(Path(folder) / "home") as stack:
                console.print(f"Ready after {stack.seconds_to_ready:.1f} s.")
                found = run(stack, file, visits, console)
        except CannotStart as error:
            print(error, file=sys.stderr)
            return 1
    console.print(table(found))
    for line in (found.wrong_destinations + found.wrong_counts)[:_SHOWN]:
        console.print(f"[red]{line}")
    return 0 if found.sound else 1


def run(stack: Stack, file: Path, visits: int, console: Console) -> Findings:
    with Progress(console=console, transient=True) as progress:

        def step(title: str, total: int) -> Callable[[], None]:
            task = progress.add_task(title, total=total)
            return lambda: progress.advance(task)

        return run_job(stack, file, visits, step)


def table(found: Findings) -> Table:
    """What was asked beside what was seen."""
    rows = Table("", "asked", "seen", "wrong", "seconds")
    seconds = {name: f"{value:.1f}" for name, value in found.seconds.items()}
    rows.add_row("short links", str(found.urls), str(found.links), str(found.urls - found.links), seconds["import"])
    wrong = len(found.wrong_destinations)
    rows.add_row("destinations", str(found.links), str(found.links - wrong), str(wrong), "")
    rows.add_row("visits", str(found.visits), str(found.visits), "0", seconds["visits"])
    wrong = len(found.wrong_counts)
    rows.add_row(
        "clicks counted", str(found.visits), str(found.counted), f"{wrong} links", seconds["until all are counted"]
    )
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
