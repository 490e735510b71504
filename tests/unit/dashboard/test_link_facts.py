"""What a link does, in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from dashboard.link_facts import link_facts
from dashboard.origin_fake import FakeOrigin
from dashboard.origin_types import Link
from tests.unit.dashboard.conftest import Reader

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def facts(**fields: Any) -> list[str]:
    link = FakeOrigin().add_link("https://example.com/", "code", **fields)
    return link_facts(msgspec.convert(link, Link), UTC, NOW)


def test_a_plain_link_has_nothing_to_say() -> None:
    assert facts() == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"expiresAt": "2026-07-01T12:30:00Z"}, "Expires 1 Jul 2026, 12:30"),
        ({"redirect": {"maxClicks": 1000}}, "Closes after 1,000 clicks"),
        ({"redirect": {"maxClicks": 1}}, "Closes after 1 click"),
        ({"redirect": {"oneTime": True}}, "Lets one visitor in"),
        ({"testVariants": [{"url": "https://a.example/", "percentage": 50}] * 2}, "Tests 2 variants"),
        ({"geo": dict.fromkeys(("DE", "FR"), "https://a.example/")}, "Leads elsewhere in Germany, France"),
        (
            {"geo": dict.fromkeys(("DE", "FR", "IT", "ES"), "https://a.example/")},
            "Leads elsewhere in Germany, France, Italy and 1 more",
        ),
        ({"redirect": {"rules": [{"url": "https://a.example/"}]}}, "Has 1 rule of its own"),
        ({"trackConversion": True}, "Tracks leads and sales"),
        ({"redirect": {"status": 308}}, "Answers with status 308"),
        ({"ios": "https://a.example/"}, "Leads elsewhere on iPhone and iPad"),
    ],
)
def test_each_option_is_a_few_words(fields: dict[str, Any], said: str) -> None:
    assert facts(**fields) == [said]


def test_a_test_that_is_over_says_who_won() -> None:
    variants = [{"url": "https://a.example/", "percentage": 50}] * 2
    assert facts(testVariants=variants, redirect={"winner": 1}) == ["Variant B has won"]


def test_an_end_that_has_come_is_left_to_the_state() -> None:
    assert facts(expiresAt=(NOW - timedelta(days=1)).isoformat()) == []


async def test_the_page_of_a_link_says_it(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/", "code", redirect={"maxClicks": 7})
    assert "Closes after 7 clicks" in (await reader.get(f"/links/{link['id']}")).text
