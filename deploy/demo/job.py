"""The main job: shorten a list, open every link, compare what came back and what was counted with what was asked."""

import asyncio
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo.api import DemoApi
from deploy.demo.visits import visit_all
from deploy.local.stack import ROOT, Stack

_IMPORT_TIMEOUT_SECONDS = 600.0
_REDIRECTS = frozenset({301, 302, 307, 308})


@dataclass
class Findings:
    """What the job saw. `wrong_*` name each mismatch; a sound run has none."""

    urls: int = 0
    links: int = 0
    visits: int = 0
    counted: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    wrong_destinations: list[str] = field(default_factory=list)
    wrong_counts: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Every URL has its link, every link led to exactly its URL, every visit was counted exactly once."""
        nothing_wrong = not (self.wrong_destinations or self.wrong_counts)
        return nothing_wrong and self.links == self.urls and self.counted == self.visits


def run_job(stack: Stack, file: Path, visits: int, step: Callable[[str, int], Callable[[], None]]) -> Findings:
    """`step(title, total)` opens a progress line and returns what moves it by one."""
    with DemoApi(stack.url("origin"), stack.credentials["api_key"]) as api:
        return _run(stack, api, file, visits, step)


def _run(
    stack: Stack, api: DemoApi, file: Path, visits: int, step: Callable[[str, int], Callable[[], None]]
) -> Findings:
    found = Findings()
    before = api.clicks()
    found.seconds["import"] = _timed(lambda: import_links(stack, file))
    wanted = read_urls(file)
    links = {link["shortLink"]: link["url"] for link in api.links() if link["url"] in wanted}
    found.urls, found.links = len(wanted), len(set(links.values()))

    plan = plan_visits(list(links), visits)
    found.visits = len(plan)
    began = time.monotonic()
    answers = asyncio.run(visit_all(plan, step("Visits", len(plan))))
    found.seconds["visits"] = time.monotonic() - began
    found.wrong_destinations = wrong_destinations(answers, links)
    found.seconds["until all are counted"] = api.wait_for_clicks(before + len(plan))
    counts = api.clicks_by_link()
    found.counted = sum(counts[link] for link in links)
    found.wrong_counts = wrong_counts(Counter(plan), counts)
    return found


def import_links(stack: Stack, file: Path) -> None:
    """Through the command, as a user would; raises CalledProcessError when it refuses a line."""
    command = [str(ROOT / ".venv" / "bin" / "nearhop"), "links", "import", str(file.resolve())]
    environ = {
        **stack.environ(),
        "NEARHOP_URL": stack.url("origin"),
        "NEARHOP_API_KEY": stack.credentials["api_key"],
        "NEARHOP_CONFIG": str(stack.home / "cli.json"),
        "XDG_STATE_HOME": str(stack.home / "state"),
    }
    subprocess.run(command, env=environ, check=True, timeout=_IMPORT_TIMEOUT_SECONDS)


def read_urls(file: Path) -> set[str]:
    """The distinct URLs of a list, one a line."""
    return {line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()}


def plan_visits(links: list[str], visits: int) -> list[str]:
    """Every link once, then the rest by chance with a seed, some links far more often than others."""
    chance = random.Random(1)  # noqa: S311  # the same visits in every run
    weights = [1 / rank for rank in range(1, len(links) + 1)]
    plan = links + chance.choices(links, weights, k=max(0, visits - len(links)))
    chance.shuffle(plan)
    return plan


def wrong_destinations(answers: Counter[tuple[str, int, bytes]], links: dict[str, str]) -> list[str]:
    """Each answer that was not a redirect to exactly the link's URL."""
    return [
        f"{link} answered {status} {location!r}, not {links[link]!r}"
        for link, status, location in answers
        if status not in _REDIRECTS or location != links[link].encode()
    ]


def wrong_counts(visited: Counter[str], counted: dict[str, int]) -> list[str]:
    """Each link whose count is not the number of its visits."""
    return [
        f"{link} was visited {visits} times and counted {counted.get(link, 0)} times"
        for link, visits in visited.items()
        if counted.get(link, 0) != visits
    ]


def _timed(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
