"""What is done each hour goes on, whatever one step of it meets."""

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from origin import housekeeping

if TYPE_CHECKING:
    from origin.domains.ownership import Ownership
    from origin.safety.recheck import Recheck


class Destinations:
    """A Recheck that says when its turn has come."""

    def __init__(self) -> None:
        self.turn = asyncio.Event()

    async def run(self) -> None:
        self.turn.set()


async def test_a_step_that_fails_in_any_way_is_logged_by_name_and_keeps_no_other_from_its_turn(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("of a kind that nobody thought of")

    monkeypatch.setattr(housekeeping, "recheck", broken)
    destinations = Destinations()
    with capture_logs() as logs:
        async with (
            asyncio.timeout(30),
            housekeeping.hourly(engine, cast("Ownership", None), {}, cast("Recheck", destinations)),
        ):
            await destinations.turn.wait()
    assert [each["step"] for each in logs if each["log_level"] == "error"] == ["domains"]
