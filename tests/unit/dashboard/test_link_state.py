"""What the pages say of links that do not simply lead on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from dashboard.link_state import destinations, link_state
from dashboard.origin_fake import FakeOrigin
from dashboard.origin_types import Link
from tests.unit.dashboard.conftest import Reader

NOW = datetime.now(UTC)
PAST, FUTURE = (NOW - timedelta(hours=1)).isoformat(), (NOW + timedelta(days=1)).isoformat()
BLOCKED = {"quarantine": {"action": "block", "reason": "phishing", "source": "blocklist"}}
CLOSED: list[tuple[dict[str, Any], str]] = [
    ({"expiresAt": PAST}, "Expired"),
    ({"disabledAt": PAST}, "Disabled"),
    ({"cappedAt": PAST}, "Has had its clicks"),
    ({"openedAt": PAST, "redirect": {"oneTime": True}}, "Was opened"),
    (BLOCKED, "In quarantine"),
    ({"redirect": {"startsAt": FUTURE}}, "Opens at"),
]


def made(**fields: Any) -> Link:
    return msgspec.convert(FakeOrigin().add_link("https://example.com/", "code", **fields), Link)


VARIANTS = [{"url": f"https://{name}.example/", "percentage": 50} for name in "ab"]


@pytest.mark.parametrize(
    ("fields", "urls"),
    [
        ({}, ["https://a.example/", "https://b.example/"]),
        ({"testStartedAt": PAST, "testCompletedAt": FUTURE}, ["https://a.example/", "https://b.example/"]),
        ({"testStartedAt": FUTURE}, ["https://example.com/"]),
        ({"testCompletedAt": PAST}, ["https://example.com/"]),
        ({"testCompletedAt": PAST, "redirect": {"winner": 1}}, ["https://b.example/"]),
    ],
)
def test_a_tested_link_leads_where_its_visitors_are_led(fields: dict[str, Any], urls: list[str]) -> None:
    assert destinations(made(testVariants=VARIANTS, **fields), NOW) == urls


async def test_a_running_test_is_named_in_place_of_an_address_that_nobody_sees(
    origin: FakeOrigin, reader: Reader
) -> None:
    link = origin.add_link("https://example.com/unseen", testVariants=VARIANTS)
    for path in ("/links", f"/links/{link['id']}"):
        text = (await reader.get(path)).text
        assert "A/B test of 2" in text
        assert "b.example" in text
        assert "example.com/unseen" not in text


@pytest.mark.parametrize(("fields", "label"), CLOSED)
async def test_a_link_that_leads_nobody_on_is_not_called_live(
    origin: FakeOrigin, reader: Reader, fields: dict[str, Any], label: str
) -> None:
    link = origin.add_link("https://example.com/", edge={"state": "live"}, **fields)
    text = (await reader.get(f"/links/{link['id']}")).text
    assert label in text
    assert "Live at the edge" not in text
    assert label in (await reader.get("/links")).text


async def test_a_link_with_a_password_is_live_and_said_to_ask(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/", edge={"state": "live"}, password="********")
    text = (await reader.get(f"/links/{link['id']}")).text
    assert "Asks for a password" in text
    assert "Live at the edge" in text
    assert "Asks for a password" in (await reader.get("/links")).text


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"expiresAt": FUTURE},
        {"redirect": {"startsAt": PAST}},
        {"redirect": None, "quarantine": None, "password": None, "cappedAt": None},
    ],
)
def test_a_link_that_leads_on_has_no_state(fields: dict[str, Any]) -> None:
    assert link_state(made(**fields)) is None


def test_what_the_edge_asks_first_is_said() -> None:
    state = link_state(made(**BLOCKED, disabledAt=PAST, expiresAt=PAST, password="********"))
    assert state is not None
    assert state.label == "In quarantine"


def test_a_warning_lets_visitors_on() -> None:
    state = link_state(made(quarantine={"action": "warn", "reason": "spam", "source": "workspace"}))
    assert state is not None
    assert (state.label, state.closed) == ("In quarantine", False)


def test_a_moment_is_in_the_state_of_a_link_that_opens_later() -> None:
    state = link_state(made(redirect={"startsAt": FUTURE}))
    assert state is not None
    assert state.at == datetime.fromisoformat(FUTURE)


async def test_an_open_page_notices_that_a_link_has_ended(origin: FakeOrigin, reader: Reader) -> None:
    link = origin.add_link("https://example.com/", edge={"state": "live"})
    address = f"/links/{link['id']}?range=7d"
    seen = (await reader.get(address)).text.split('name="seen" value="')[1].partition('"')[0]
    link["cappedAt"] = PAST
    answer = await reader.http.get(address, params={"range": "7d", "seen": seen}, headers={"HX-Request": "true"})
    assert "Has had its clicks" in answer.text
