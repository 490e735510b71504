"""What names `python -m bench` takes."""

import pytest

from bench.__main__ import BENCHMARKS, SHORT, main, parts


def test_a_name_stands_for_all_of_its_parts_and_a_part_for_itself() -> None:
    assert parts("edge") == [name for name in BENCHMARKS if name.startswith("edge.")]
    assert len(parts("edge")) > 1
    assert parts("edge.memory") == ["edge.memory"]
    assert parts("links") == ["links"]


def test_a_short_run_is_of_those_that_have_one() -> None:
    assert parts("edge", SHORT) == parts("edge")
    assert SHORT.keys() <= BENCHMARKS.keys()


def test_an_unknown_name_is_refused_before_anything_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["edge.memory", "edg"]) == 2
    assert main(["--short", "links"]) == 2
    assert "no benchmark edg; there are edge.redirects, " in capsys.readouterr().err
