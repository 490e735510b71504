"""The audit log in words."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard.audit_words import SENTENCES, differences, sentence, summary
from dashboard.team_types import AuditActor, AuditLog, AuditPlace, AuditResource

ORIGIN = Path(__file__).parents[3] / "origin"
_ACTION = re.compile(r'trail\.(?:created|updated|deleted|Change)\(\s*"([a-z_]+\.[a-z_]+)"')


def entry(action: str, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> AuditLog:
    actor, resource = AuditActor("user", "user_1", "Ada", "ada@example.com"), AuditResource("link", "link_1", "go/abc")
    place = AuditPlace("192.0.2.7", "a browser", "r1")
    return AuditLog("log_1", datetime(2026, 1, 1, tzinfo=UTC), action, actor, resource, before, after, place)


def shown(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[tuple[str, list[str], list[str]]]:
    found = differences(entry("link.update", before, after), UTC)
    return [(each.name, each.before, each.after) for each in found]


def test_every_action_of_origin_has_a_sentence() -> None:
    actions = {found for path in ORIGIN.rglob("*.py") for found in _ACTION.findall(path.read_text(encoding="utf-8"))}
    assert len(actions) > 20
    assert actions - SENTENCES.keys() == set()


def test_a_sentence_stands_around_the_name() -> None:
    assert sentence(entry("link.update")) == ("changed the link ", "")
    assert sentence(entry("link.close")) == ("closed the link ", ", which has had its clicks")


@pytest.mark.parametrize(
    ("action", "text"), [("web_hook.create", "made the web hook "), ("link.fly_away", "fly away the link ")]
)
def test_an_action_that_is_not_known_yet_is_readable(action: str, text: str) -> None:
    assert sentence(entry(action)) == (text, "")


def test_an_edit_names_its_fields() -> None:
    names = {"url": 1, "title": 2, "expiresAt": 3, "utm_source": 4, "doIndex": 5}
    assert summary(entry("link.update", names, names)) == "destination, title, expires and 2 more"
    assert summary(entry("link.update", {"url": 1}, {"url": 2})) == "destination"
    assert summary(entry("link.create", None, names)) == ""


def test_what_differs_is_told_field_by_field() -> None:
    before = {"url": "https://a.example/", "archived": False, "expiresAt": None, "title": "Old"}
    after = {"url": "https://b.example/", "archived": True, "expiresAt": "2027-03-01T12:30:00Z", "title": None}
    assert shown(before, after) == [
        ("destination", ["https://a.example/"], ["https://b.example/"]), ("archived", ["no"], ["yes"]),
        ("expires", [], ["1 Mar 2027, 12:30"]), ("title", ["Old"], []),
    ]  # fmt: skip


def test_of_lists_and_parts_only_what_went_and_came_is_told() -> None:
    tags = [{"id": "tag_1", "name": "Spring"}, {"id": "tag_2", "name": "Mail"}]
    before = {"tags": tags, "redirect": {"maxClicks": 5, "status": 308}, "geo": {"DE": "https://de.example/"}}
    after = {
        "tags": [tags[0], {"id": "tag_3", "name": "Web"}],
        "redirect": {"maxClicks": 7, "status": 308},
        "geo": None,
    }
    assert shown(before, after) == [
        ("tags", ["Mail"], ["Web"]), ("redirect, most clicks", ["5"], ["7"]), ("country, de", ["https://de.example/"], []),
    ]  # fmt: skip
