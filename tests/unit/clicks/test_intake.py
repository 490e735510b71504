import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from origin.clicks import frames
from origin.clicks.event import AHEAD_SECONDS, OLDEST_SECONDS
from origin.clicks.intake import BadBatch, Intake, sort_clicks
from origin.clicks.refused import RefusedClick, RefusedClicks
from origin.clicks.segments import Position
from origin.clicks.spool import Spool
from shared.click_event import MAX_CLICKS, ClickEvent, encode_batch

NOW = 1_800_000_000.0


def event(**changes: Any) -> ClickEvent:
    values = {
        "id": "e-1", "at": int(NOW * 1000), "link": 1, "workspace": 2, "version": 3, "domain": "localhost", "code": "abc",
        "url": "https://example.com/",
    }  # fmt: skip
    return {**values, **changes}  # type: ignore[typeddict-item]  # the tests change fields to wrong values, too


class Fixture:
    """An intake on a spool of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool = Spool(folder, segment_bytes=1_000_000, max_bytes=1_000_000)
        self.spool.open()
        self.intake = Intake(self.spool, RefusedClicks(folder / "refused"), lambda: NOW)

    def spooled(self) -> list[Any]:
        if not self.spool.end.segment:
            return []
        data = self.spool.segments.read(Position(1, 0), self.spool.end_of(1))
        return [json.loads(bytes(frame.body)) for frame in frames.walk(data)]

    def refused_lines(self) -> list[Any]:
        return [
            json.loads(line) for path in (self.folder / "refused").glob("*") for line in path.read_text().splitlines()
        ]


@pytest.fixture
async def fixture(tmp_path: Path) -> Any:
    made = Fixture(tmp_path)
    yield made
    made.spool.close()


async def test_a_good_batch_is_spooled_as_it_came(fixture: Fixture) -> None:
    body = encode_batch("b1", "edge-1", [event(id="1"), event(id="2", user_agent="x", future_field=[1])])
    receipt = await fixture.intake.accept(body)
    assert (receipt.accepted, receipt.refused) == (2, [])
    assert fixture.spooled() == [json.loads(body)]
    assert fixture.refused_lines() == []


async def test_a_bad_click_is_set_aside_with_its_reason_and_its_neighbours_are_kept(fixture: Fixture) -> None:
    receipt = await fixture.intake.accept(
        encode_batch("b1", "edge-1", [event(id="1"), event(id="2", link="no"), event(id="3")])
    )
    assert receipt.accepted == 2
    assert [each.index for each in receipt.refused] == [1]
    assert "link" in receipt.refused[0].reason
    assert [click["id"] for click in fixture.spooled()[0]["clicks"]] == ["1", "3"]
    (line,) = fixture.refused_lines()
    assert line["batch_id"] == "b1"
    assert line["event"]["id"] == "2"
    assert line["reason"] == receipt.refused[0].reason


async def test_a_batch_without_any_good_click_is_answered_and_not_spooled(fixture: Fixture) -> None:
    receipt = await fixture.intake.accept(encode_batch("b1", "e", [event(at="yesterday")]))
    assert (receipt.accepted, len(receipt.refused)) == (0, 1)
    assert fixture.spooled() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"batch_id":"","edge":"e","clicks":[]}',
        b'{"batch_id":"b","edge":"e"}',
        b'{"batch_id":"b","edge":"e","clicks":[' + b",".join([b"{}"] * (MAX_CLICKS + 1)) + b"]}",
    ],
)
async def test_what_is_no_batch_is_refused_whole(fixture: Fixture, body: bytes) -> None:
    with pytest.raises(BadBatch):
        await fixture.intake.accept(body)
    assert fixture.spooled() == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"id": ""}, "id"),
        ({"link": 0}, "link"),
        ({"link": 2**63}, "link"),
        ({"workspace": -1}, "workspace"),
        ({"kind": "tap"}, "kind"),
        ({"trigger": "fax"}, "trigger"),
        ({"variant": 40_000}, "variant"),
        ({"asn": 2**32}, "asn"),
        ({"country": 49}, "country"),
        ({"at": int((NOW - OLDEST_SECONDS - 1) * 1000)}, "31 days ago"),
        ({"at": int((NOW + AHEAD_SECONDS + 1) * 1000)}, "clock"),
    ],
)
def test_each_field_has_bounds_that_the_reason_names(changes: dict[str, Any], word: str) -> None:
    good, refused = sort_clicks([msgspec.Raw(json.dumps(event(**changes)).encode())], NOW)
    assert good == []
    assert word in refused[0].reason


def test_a_missing_field_is_named() -> None:
    _, refused = sort_clicks([msgspec.Raw(b"{}"), msgspec.Raw(b"7")], NOW)
    assert "id" in refused[0].reason
    assert "int" in refused[1].reason


def test_half_a_character_is_refused_not_stored() -> None:
    _, refused = sort_clicks([msgspec.Raw(json.dumps(event(user_agent="\ud800")).encode())], NOW)
    assert len(refused) == 1


def test_what_is_refused_fills_no_disk(tmp_path: Path) -> None:
    refused = RefusedClicks(tmp_path, max_bytes=200)
    for number in range(20):
        refused.keep(f"b{number}", "e", [RefusedClick(0, "why")], [msgspec.Raw(b"{}")])
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 200
    assert 0 < refused.kept < 20
    assert refused.kept + refused.not_kept == 20
