"""When a service that fails is asked again: by one, after pauses that grow."""

import pytest

from redirector.breaker import Breaker

NOW = 1_800_000_000.0


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(0.0)


def tries(breaker: Breaker, seconds: int, *, worked: bool = False) -> list[int]:
    """The seconds at which somebody who comes every second may try; each try ends at once."""
    found = []
    for second in range(seconds):
        number = breaker.begin(NOW + second)
        if number is not None:
            found.append(second)
            breaker.end(number, NOW + second, worked=worked)
    return found


def test_a_service_that_works_is_asked_by_everybody(breaker: Breaker) -> None:
    assert tries(breaker, 50, worked=True) == list(range(50))
    assert None not in {breaker.begin(NOW + 60) for _ in range(100)}


def test_one_that_fails_is_asked_ever_less_often(breaker: Breaker) -> None:
    assert tries(breaker, 100) == [0, 1, 3, 7, 15, 30, 45, 60, 75, 90]


def test_isolates_do_not_come_back_together() -> None:
    assert tries(Breaker(0.0), 100) != tries(Breaker(0.999), 100)


def test_after_a_rest_one_tries_and_the_others_wait_for_its_end(breaker: Breaker) -> None:
    tries(breaker, 10)
    probe = breaker.begin(NOW + 20)
    assert probe is not None
    assert breaker.begin(NOW + 20.5) is None
    breaker.end(probe, NOW + 21, worked=True)
    assert None not in {breaker.begin(NOW + 21) for _ in range(5)}


def test_many_failures_at_once_are_one(breaker: Breaker) -> None:
    numbers = [breaker.begin(NOW) for _ in range(20)]
    for number in numbers:
        assert number is not None
        breaker.end(number, NOW + 0.5, worked=False)
    assert breaker.begin(NOW + 0.8) is not None  # and not only after the longest rest


def test_nobody_joins_those_who_wait_for_a_slow_answer(breaker: Breaker) -> None:
    first, second = breaker.begin(NOW), breaker.begin(NOW + 0.9)
    assert first is not None
    assert second is not None
    assert breaker.begin(NOW + 1) is None
    breaker.end(first, NOW + 1.2, worked=True)
    assert breaker.begin(NOW + 1.3) is not None


def test_a_try_whose_request_was_cancelled_holds_nobody_up_for_ever(breaker: Breaker) -> None:
    tries(breaker, 10)
    assert breaker.begin(NOW + 20) is not None  # and is never ended
    assert breaker.begin(NOW + 49) is None
    assert breaker.begin(NOW + 50) is not None
