"""The figures of variants, against published values, exact sums and a simulation."""

import math
import random

import pytest

from origin.analytics import stats
from origin.analytics.stats import Sample


def test_wilsons_interval_is_that_of_the_literature() -> None:
    # Newcombe 1998 (Statist. Med. 17, 857-872), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for converted, clicks, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        interval = stats.wilson(Sample(clicks, converted))
        assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)
    assert stats.wilson(Sample(0, 0)) == (0, 1)


def test_the_interval_of_a_difference_is_newcombes() -> None:
    # Newcombe 1998 (Statist. Med. 17, 873-890), table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 5/56 - 0/29.
    for (x1, n1), (x0, n0), low, high in (
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ):
        interval = stats.difference(Sample(n0, x0), Sample(n1, x1))
        assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_the_z_test_gives_known_values_and_none_for_small_samples() -> None:
    # z = 0.1 / sqrt(0.25 * 0.75 * 2 / 200) = 2.3094 gives p = 0.0209; equal rates give 1.
    assert stats.p_value(Sample(200, 40), Sample(200, 60)) == pytest.approx(0.0209213, abs=1e-6)
    assert stats.p_value(Sample(500, 50), Sample(1000, 100)) == pytest.approx(1.0)
    assert stats.p_value(Sample(20, 1), Sample(20, 4)) is None
    assert stats.p_value(Sample(0, 0), Sample(100, 10)) is None


def test_the_probability_to_beat_is_exact_where_it_can_be_worked_out_by_hand() -> None:
    assert stats.probability_to_beat(Sample(0, 0), Sample(0, 0)) == pytest.approx(0.5)
    # Beta(1, 1) against Beta(2, 1): the integral of x * 2x is 2/3.
    assert stats.probability_to_beat(Sample(0, 0), Sample(1, 1)) == pytest.approx(2 / 3)
    for one, other in (
        (Sample(100, 20), Sample(100, 31)),
        (Sample(9_000, 4), Sample(50, 2)),
        (Sample(30, 30), Sample(9, 0)),
    ):
        forward, back = stats.probability_to_beat(one, other), stats.probability_to_beat(other, one)
        assert forward + back == pytest.approx(1, abs=1e-9)
        assert 0 <= forward <= 1


def test_the_probability_to_beat_agrees_with_drawing_from_both_distributions() -> None:
    rng = random.Random(11)
    for control, variant in ((Sample(400, 40), Sample(380, 52)), (Sample(60, 2), Sample(45, 3))):
        draws = 40_000
        won = sum(
            rng.betavariate(variant.converted + 1, variant.clicks - variant.converted + 1)
            > rng.betavariate(control.converted + 1, control.clicks - control.converted + 1)
            for _ in range(draws)
        )
        assert stats.probability_to_beat(control, variant) == pytest.approx(won / draws, abs=0.012)


def test_many_conversions_take_the_short_way_to_nearly_the_same_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    control, variant = Sample(100_000, 19_500), Sample(100_000, 19_800)
    exact = stats.probability_to_beat(control, variant)
    monkeypatch.setattr(stats, "_MOST_EXACT", 100)
    assert stats.probability_to_beat(control, variant) == pytest.approx(exact, abs=1e-4)


def test_without_a_difference_one_in_twenty_tests_finds_one_and_with_enough_clicks_four_in_five_do() -> None:
    rng = random.Random(5)

    def found(rate: float, better: float, clicks: int, runs: int) -> float:
        significant = 0
        for _ in range(runs):
            control = Sample(clicks, _binomial(rng, clicks, rate))
            variant = Sample(clicks, _binomial(rng, clicks, better))
            p = stats.p_value(control, variant)
            significant += p is not None and p < 0.05
        return significant / runs

    assert found(0.1, 0.1, 2_000, 3_000) == pytest.approx(0.05, abs=0.012)
    needed = stats.clicks_needed(0.1)
    assert needed == 3841
    assert found(0.1, 0.12, needed, 3_000) == pytest.approx(0.8, abs=0.025)


def test_the_clicks_that_are_needed_are_those_of_the_tables() -> None:
    assert stats.clicks_needed(0.5, 0.2) == 388  # 50 % against 60 %
    assert stats.clicks_needed(0) is None
    assert stats.clicks_needed(0.9) is None


def _binomial(rng: random.Random, n: int, p: float) -> int:
    """Near enough for such n, and quick."""
    return max(0, min(n, round(rng.gauss(n * p, math.sqrt(n * p * (1 - p))))))
