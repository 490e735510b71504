"""Reading the rate limits that are set."""

import pytest

from origin.limits.lease import Limit
from origin.limits.rules import rules_of
from shared.errors import BadSetting


def test_plans_have_their_own_limits_and_others_the_first_ones() -> None:
    rules = rules_of(("free=60", "pro=600", "big=0"), 10, 0)
    limits = [rules.of_key(plan) for plan in ("free", "pro", "big", "other", None)]
    assert [limit and limit.most for limit in limits] == [60, 600, None, 60, 60]
    assert rules.people is not None
    assert rules.addresses is None


@pytest.mark.parametrize("text", ["free", "free=", "=5", "free=-1", "free=1.5", "free=1000001", "free=²"])
def test_a_limit_that_makes_no_sense_is_named(text: str) -> None:
    with pytest.raises(BadSetting, match="NEARHOP_RATE_LIMITS has"):
        rules_of((text,), 1, 1)


def test_a_lease_is_a_part_of_its_bucket_and_of_a_high_limit_what_a_second_fills_up() -> None:
    leases = {most: Limit("test", most).lease for most in (1, 60, 600, 3000, 6000, 60_000, 1_000_000)}
    assert leases == {1: 1, 60: 3, 600: 30, 3000: 50, 6000: 100, 60_000: 1000, 1_000_000: 16_666}
