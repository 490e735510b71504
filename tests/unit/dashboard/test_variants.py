"""The results of A/B tests: what is said of them, and what a link's page shows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.analytics_types import VariantResult
from dashboard.origin_fake import FakeOrigin
from dashboard.origin_types import Link, Variant
from dashboard.question import Question
from dashboard.variants import AbTest, ab_test
from tests.unit.dashboard.conftest import Reader

NOW = datetime(2026, 11, 1, tzinfo=UTC)
URLS = ("https://example.com/a", "https://example.com/b", "https://example.com/c")


def result(variant: int, clicks: int = 1000, converted: int = 0, **fields: Any) -> VariantResult:
    rate = converted / clicks if clicks else 0.0
    around = {"conversion_rate_low": rate * 0.8, "conversion_rate_high": rate * 1.2 or 0.004}
    known: dict[str, Any] = {"clicks": clicks, "converted": converted, "conversion_rate": rate, **around, **fields}
    return VariantResult(variant=variant, url=URLS[variant], control=variant == 0, **known)


def the_test(*results: VariantResult, **filters: str) -> AbTest:
    variants = [Variant(url=url, percentage=25) for url in URLS[: len(results)]]
    link = Link(
        id="link_1",
        domain="d",
        key="k",
        url="u",
        short_link="s",
        created_at=NOW,
        updated_at=NOW,
        test_variants=variants,
    )
    return ab_test(link, list(results), Question("/links/link_1", filters=filters))


def test_without_conversions_no_variant_is_called_better() -> None:
    found = the_test(result(0, 900), result(1, 100))
    assert "no variant can be called better" in found.sentence
    assert not found.decided
    assert [(arm.letter, arm.share, arm.planned, arm.rate_text) for arm in found.arms] == [
        ("A", 0.9, "25 %", "none yet"),
        ("B", 0.1, "25 %", "none yet"),
    ]


def test_without_clicks_there_is_nothing_to_compare() -> None:
    found = the_test(result(0, 0), result(1, 0))
    assert found.sentence == "No clicks in this time."
    assert [arm.share for arm in found.arms] == [0, 0]


def test_what_may_be_chance_is_called_chance_and_how_many_clicks_it_takes_is_said() -> None:
    found = the_test(
        result(0, 1000, 50), result(1, 800, 44, lift=0.1, difference=0.005, p_value=0.61, minimum_clicks=8000)
    )
    assert found.sentence == "No significant difference yet: what the rates show may be chance."
    assert "needs about 8,000 clicks; B has 800" in found.hint
    assert not found.decided
    assert found.arms[1].against == "+10 % against A, p = 0.610"
    assert found.arms[1].verdict == "even"


def test_a_significant_winner_is_named_with_both_rates() -> None:
    better = result(1, 9000, 630, lift=0.4, difference=0.02, p_value=0.0000001, significant=True, enough_clicks=True)
    found = the_test(result(0, 9000, 450), better)
    assert found.sentence == (
        "B does better than A: 7.00 % of its clicks convert against 5.00 %, and the difference is significant."
    )
    assert (found.decided, found.hint) == (True, "")
    assert (found.arms[1].verdict, found.arms[1].against) == ("better", "+40 % against A, p < 0.001")


def test_a_winner_of_too_few_clicks_is_not_decided() -> None:
    better = result(1, 400, 40, lift=1.0, difference=0.05, p_value=0.004, significant=True, minimum_clicks=6000)
    found = the_test(result(0, 400, 20), better)
    assert not found.decided
    assert "errs more often" in found.hint
    assert found.sentence.startswith("B leads so far: 10.00 % of its clicks convert against 5.00 % of A.")
    assert "significant." not in found.sentence
    assert found.arms[1].verdict == "leads"


def test_variants_that_do_worse_than_the_control_are_named() -> None:
    worse = {"lift": -0.5, "difference": -0.025, "p_value": 0.0001, "significant": True, "enough_clicks": True}
    found = the_test(result(0, 9000, 450), result(1, 9000, 225, **worse), result(2, 9000, 220, **worse))
    assert found.sentence == "B and C do worse than A, and the difference is significant."
    assert [arm.verdict for arm in found.arms] == ["", "worse", "worse"]


def test_an_uncertain_best_rate_does_not_hide_what_is_known_to_be_worse() -> None:
    worse = result(1, 9000, 225, lift=-0.5, difference=-0.025, p_value=0.0001, significant=True, enough_clicks=True)
    found = the_test(result(0, 9000, 450), worse, result(2, 300, 18, lift=0.2, difference=0.01, p_value=0.4))
    assert found.sentence == "B does worse than A, and the difference is significant."


def test_a_difference_of_too_few_clicks_is_no_result_either() -> None:
    worse = result(1, 400, 10, lift=-0.5, difference=-0.025, p_value=0.01, significant=True)
    found = the_test(result(0, 400, 20), worse)
    assert found.sentence == "B differs from A so far. There are too few clicks to call it a result."
    assert (found.arms[1].verdict, found.decided) == ("behind", False)


def test_bars_share_one_scale_and_stay_within_it() -> None:
    found = the_test(result(0, 1000, 50), result(1, 1000, 100, lift=1.0))
    assert found.scale == "12.0 %"
    for arm in found.arms:
        assert 0 <= arm.low <= arm.rate <= arm.high <= 100
    assert found.arms[1].high == 100


def test_a_variants_letter_shows_it_alone_and_then_all_again() -> None:
    assert the_test(result(0), result(1)).arms[1].url == "/links/link_1?range=7d&variant=1"
    assert the_test(result(0), result(1), variant="1").arms[1].url == "/links/link_1?range=7d"


def row(number: int, **fields: Any) -> dict[str, Any]:
    numbers = {"clicks": 4000, "leads": 300, "sales": 100, "saleAmount": 0, "revenue": {"eur": 123456, "jpy": 900}}
    rate = {"converted": 300, "conversionRate": 0.075, "conversionRateLow": 0.067, "conversionRateHigh": 0.083}
    return {"variant": number, "url": URLS[number], "control": number == 0, **numbers, **rate, **fields}


@pytest.fixture
def tested(origin: FakeOrigin) -> dict[str, Any]:
    variants = [{"url": url, "percentage": 50} for url in URLS[:2]]
    origin.analytics.results = [
        row(0),
        row(1, lift=-0.2, difference=-0.02, pValue=0.0004, significant=True, enoughClicks=True, minimumClicks=3000),
    ]
    return origin.add_link("https://example.com/", "tested", testVariants=variants)


async def test_a_links_page_shows_how_its_variants_do(
    tested: dict[str, Any], origin: FakeOrigin, reader: Reader
) -> None:
    origin.click(tested)
    text = (await reader.get(f"/links/{tested['id']}")).text
    for expected in (
        "A/B test",
        "example.com/b",
        "1,234.56 EUR + 900 JPY",
        "7.50 %",
        "6.70 % to 8.30 %",
        "p &lt; 0.001",
        "· 50 % (50 % planned)",
    ):
        assert expected in text, expected
    assert "B does worse than A, and the difference is significant." in text


async def test_a_link_that_tracks_nothing_leads_to_where_that_is_changed(
    tested: dict[str, Any], origin: FakeOrigin, reader: Reader
) -> None:
    origin.analytics.results = [row(0, converted=0), row(1, converted=0)]
    to_form = f'href="/links/{tested["id"]}/edit#track_conversion"'
    assert to_form in (await reader.get(f"/links/{tested['id']}")).text
    tested["trackConversion"] = True
    assert to_form not in (await reader.get(f"/links/{tested['id']}")).text


async def test_a_link_without_variants_has_no_such_part(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/")
    assert "A/B test" not in (await reader.get(f"/links/{link['id']}")).text


async def test_one_variants_figures_are_shown_alone_and_all_are_compared_still(
    tested: dict[str, Any], origin: FakeOrigin, reader: Reader
) -> None:
    origin.click(tested, 3, variant=0)
    origin.click(tested, 2, variant=1)
    text = (await reader.get(f"/links/{tested['id']}?variant=1")).text
    assert 'aria-label="Without the filter Variant: B"' in text
    assert text.count("example.com/a") >= 1
    assert '<span id="count" class="font-display' in text
    assert ">2</span>" in text
