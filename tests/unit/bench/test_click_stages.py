from bench import click_stages


def test_each_step_of_a_click_is_done_and_has_a_cost() -> None:
    costs = click_stages.run(clicks=2_000)
    assert list(costs) == [
        "signature",
        "validate",
        "frame",
        "read frames",
        "decode, enrich, make columns",
        "decide",
    ]
    assert all(cost >= 0 for cost in costs.values())
    assert costs["decode, enrich, make columns"] > 0
