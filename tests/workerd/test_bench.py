"""The edge's benchmarks work, all of them by one command: what they measure in so short a time is nothing."""

import json
import shutil

import pytest

from bench.__main__ import RESULTS, SHORT, main


@pytest.mark.skipif(shutil.which("wrk") is None, reason="without wrk, two of them are left out")
def test_all_benchmarks_of_the_edge_run_by_one_command(capfd: pytest.CaptureFixture[str]) -> None:
    before = RESULTS.read_text(encoding="utf-8")
    assert main(["--short", "edge"]) == 0
    said = capfd.readouterr().out
    found = {name: json.loads(_object_after(said, f"{name} …\n")) for name in SHORT}
    assert {*found["edge.redirects"]} >= {"edge", "hono", "bare", "bare_python", "edge_to_hono"}
    assert {*found["edge.origin_away"]} >= {"full_speed", "at_3000", "at_half_speed", "without_to_with"}
    assert {*found["edge.zipf"]} >= {"defaults", "quiet", "without_packs", "without_feed", "feed"}
    assert found["edge.memory"]["distinct_codes"] >= 100
    assert {*found["edge.packs"]} >= {"with_packs", "without_packs", "loading_cpu_ms"}
    assert RESULTS.read_text(encoding="utf-8") == before


def _object_after(text: str, heading: str) -> str:
    """The lines from one that is a brace to the next one that is its end."""
    lines = text.partition(heading)[2].splitlines()
    return "\n".join(lines[lines.index("{") : lines.index("}") + 1])
