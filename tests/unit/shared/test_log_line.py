"""One log line an event, for machines or for people."""

import json

import pytest

from shared.log_line import render

EVENT = {
    "event": "published",
    "level": "warning",
    "timestamp": "2026-01-02T03:04:05.678Z",
    "puts": 3,
    "error": 'no "way"',
}


def test_a_line_is_json_unless_asked_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEARHOP_LOG_FORMAT", raising=False)
    assert json.loads(render(None, "", dict(EVENT))) == EVENT


def test_a_line_for_people_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEARHOP_LOG_FORMAT", "text")
    assert render(None, "", dict(EVENT)) == r'03:04:05 warning published puts=3 error="no \"way\""'
    assert render(None, "", {"event": "x", "level": "info", "exception": "Traceback"}) == " x\nTraceback"
