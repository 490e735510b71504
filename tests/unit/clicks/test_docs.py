"""docs/analytics.md names every column, grouping, parameter and metric."""

from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import REGISTRY

from origin.analytics.model import AnalyticsQuery, GroupBy, Interval
from origin.clicks.row import ClickRow
from origin.conversions import row as conversion_row

TEXT = (Path(__file__).parents[3] / "docs/analytics.md").read_text(encoding="utf-8")
OWN = set(conversion_row.OWN) - {"workspace_id", "click_id", "link_id", "keep_days"}
UTM = {"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"}


@pytest.mark.parametrize("column", sorted((set(ClickRow._fields) | OWN) - UTM))
def test_each_column_is_defined(column: str) -> None:
    assert f"`{column}`" in TEXT


@pytest.mark.parametrize("word", [*get_args(GroupBy), *get_args(Interval)])
def test_each_grouping_and_interval_is_named(word: str) -> None:
    assert f"`{word}`" in TEXT


def test_each_parameter_is_named() -> None:
    names = set(AnalyticsQuery.__struct_encode_fields__) - UTM - {"event", "groupBy"}
    assert [name for name in names if f"`{name}`" not in TEXT] == []


def test_each_metric_is_defined() -> None:
    from origin.analytics import totals  # noqa: PLC0415, F401  # registers its metric
    from origin.clicks import metrics  # noqa: PLC0415, F401  # as above
    from origin.conversions import drain  # noqa: PLC0415, F401  # as above

    names = {
        family.name for family in REGISTRY.collect() if family.name.startswith(("nearhop_click", "nearhop_conversion"))
    }
    assert len(names) > 10
    assert [name for name in names if f"`{name}`" not in TEXT and f"`{name}_total`" not in TEXT] == []
