import json
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.clicks import refused_command
from origin.clicks.event import AHEAD_SECONDS
from origin.settings import OriginSettings
from tests.factories import new_account, new_member
from tests.integration.clicks.asking import Asker
from tests.integration.clicks.support import Stack, event
from tests.origin_app import EDGE_SECRET, SECRET_KEY

REFUSED = "/api/v1/events/refused"


async def send_some_bad(asker: Asker, name: str) -> None:
    """Two that will be good once their time has come, one that never will, and a good one."""
    soon = int((time.time() + AHEAD_SECONDS + 60) * 1000)
    events: list[Any] = [
        event(workspace=asker.workspace, at=soon),
        event(workspace=asker.workspace, at=soon),
        {"workspace": asker.workspace, "kind": "odd"},
        event(workspace=asker.workspace),
    ]
    body = msgspec.json.encode({"batch_id": name, "edge": "e", "clicks": events})
    assert len((await asker.stack.post(body)).json()["refused"]) == 3


async def later(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asker.stack.pipeline.intake, "_now", lambda: time.time() + 120)


async def test_a_workspace_sees_its_own_dead_letters_and_replays_each_once(
    stack: Stack, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker, other = Asker(stack, await new_account(engine)), Asker(stack, await new_account(engine))
    await send_some_bad(asker, f"bad-{asker.workspace}")
    await later(asker, monkeypatch)
    async with stack.client(asker.account.api_key) as http, stack.client(other.account.api_key) as stranger:
        listed = (await http.get(REFUSED)).json()
        assert len(listed) == 3
        assert "kind" in listed[2]["reason"] or "id" in listed[2]["reason"]
        ids = [each["id"] for each in listed]
        assert (await http.get(REFUSED, params={"limit": "1", "page": "2"})).json()[0]["id"] == ids[1]
        assert (await stranger.get(REFUSED)).json() == []
        assert (await stranger.post(f"{REFUSED}/replay", json={"ids": ids[:1]})).status_code == 404
        done = (await http.post(f"{REFUSED}/replay", json={"ids": ids})).json()
        assert (done["replayed"], [each["id"] for each in done["refused"]]) == (2, ids[2:])
        assert (await http.get("/api/v1/audit-logs")).json()[0]["after"] == {"replayed": 2, "refused": 1}
        assert (await http.post(f"{REFUSED}/replay", json={"ids": ids})).json()["replayed"] == 0
        assert [each["replayed"] for each in (await http.get(REFUSED)).json()] == [True, True, False]
    viewer = await new_member(engine, asker.workspace, "viewer")
    async with stack.client(viewer.api_key) as http:
        assert (await http.post(f"{REFUSED}/replay", json={"ids": ids})).status_code == 403
    await stack.drained()
    sql = f"SELECT count() FROM clicks WHERE verdict = 'click' AND workspace_id = {asker.workspace}"
    assert await stack.scalar(sql) == 3


async def test_an_operator_lists_downloads_and_replays_all(
    stack: Stack,
    engine: AsyncEngine,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    asker = Asker(stack, await new_account(engine))
    await send_some_bad(asker, f"operator-{asker.workspace}")
    await later(asker, monkeypatch)
    settings = OriginSettings(
        home=home, secret_key=SECRET_KEY, edge_secret=EDGE_SECRET, origin_url="http://origin.test"
    )
    transport = httpx.ASGITransport(stack.app)
    real = httpx.AsyncClient
    monkeypatch.setattr(httpx, "AsyncClient", lambda **given: real(**given, transport=transport))

    def said(code: int, *arguments: str) -> list[bytes]:
        assert refused_command.main(list(arguments), settings) == code
        return capfdbinary.readouterr().out.splitlines()

    assert len(said(0, "list")) == 3
    assert json.loads(said(0, "download")[0])["event"]["workspace"] == asker.workspace
    assert said(2, "burn") == []
    done = await refused_command._replay(stack.pipeline.refused, settings)
    assert done == 1, "one is refused again"
    assert b"2 clicks sent again" in capfdbinary.readouterr().out
    assert sum(b"replayed" in line for line in said(0, "list")) == 2
    await stack.drained()
    assert await stack.scalar("SELECT count() FROM clicks WHERE verdict = 'click'") == 3
