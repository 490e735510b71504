"""Reading the rate limits that are set."""

import pytest

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
