"""Click caps: every person led on counts once, whatever comes again or dies, and a full link is closed for the edge."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage.tables import link_caps, links, outbox
from shared.kv_record import decode
from tests.factories import Account, new_account
from tests.integration.clicks.support import Stack, event, running
from tests.integration.clicks.victim import BATCHES, CLICKS
from tests.origin_app import make_app, make_client

ROOT = Path(__file__).parents[3]
LINKS = "/api/v1/links"
LINK = {"url": "https://example.com/"}


@pytest.fixture
async def account(engine: AsyncEngine) -> Account:
    return await new_account(engine)


async def call(engine: AsyncEngine, account: Account, method: str, path: str, body: Any = None) -> dict[str, Any]:
    async with make_client(make_app(engine), account.api_key) as api:
        answer = await api.request(method, path, json=body)
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def capped_link(engine: AsyncEngine, account: Account, most: int, **more: Any) -> dict[str, Any]:
    return await call(engine, account, "POST", LINKS, {**LINK, "redirect": {"maxClicks": most}, **more})


def number_of(link: dict[str, Any]) -> int:
    return int(link["id"].removeprefix("link_"), 36)


async def shown(engine: AsyncEngine, account: Account, link: dict[str, Any]) -> dict[str, Any]:
    return await call(engine, account, "GET", f"{LINKS}/info?linkId={link['id']}")


async def counted(engine: AsyncEngine, link: dict[str, Any]) -> int:
    async with engine.connect() as connection:
        select = sa.select(link_caps.c.clicks + link_caps.c.clicks_before)
        return int((await connection.execute(select.where(link_caps.c.link_id == number_of(link)))).scalar_one())


async def record(engine: AsyncEngine, link: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The options of what is queued last for the edge, and with what priority."""
    select = sa.select(outbox.c.value, outbox.c.priority).where(outbox.c.key == f"{link['domain']}/{link['key']}")
    async with engine.connect() as connection:
        row = (await connection.execute(select.order_by(outbox.c.version.desc()).limit(1))).one()
    return decode(row.value).options, row.priority


def clicks(account: Account, link: dict[str, Any], count: int, **more: Any) -> list[Any]:
    return [event(workspace=account.actor.workspace_id, link=number_of(link), **more) for _ in range(count)]


async def test_a_link_closes_for_the_edge_with_its_last_click(
    stack: Stack, engine: AsyncEngine, account: Account
) -> None:
    link = await capped_link(engine, account, 3, expiredUrl="https://example.com/over")
    alias = await call(engine, account, "POST", f"{LINKS}/{link['id']}/aliases", {})
    await stack.send(clicks(account, link, 2))
    await stack.send([*clicks(account, link, 2, kind="head"), *clicks(account, link, 2, user_agent="curl/8")])
    await stack.drained()
    assert (await shown(engine, account, link))["cappedAt"] is None
    assert (await record(engine, link))[0] == {}
    await stack.send(clicks(account, link, 1))
    await stack.drained()
    after = await shown(engine, account, link)
    assert after["cappedAt"] is not None
    for each in (link, alias):
        assert await record(engine, each) == ({"capped": True, "expired_url": "https://example.com/over"}, 1)
    async with make_client(make_app(engine), account.api_key) as api:
        newest = (await api.get("/api/v1/audit-logs")).json()[0]
    assert (newest["action"], newest["actor"]["name"]) == ("link.close", "links.click_caps")


async def test_batches_that_come_again_count_once(stack: Stack, engine: AsyncEngine, account: Account) -> None:
    link = await capped_link(engine, account, 100)
    events = clicks(account, link, 4)
    for _ in range(2):
        await stack.send(events, f"caps-{link['id']}")
        await stack.drained()
    assert await counted(engine, link) == 4


async def test_two_processes_count_together(home: Path, engine: AsyncEngine, account: Account, tmp_path: Path) -> None:
    link = await capped_link(engine, account, 5)
    events = clicks(account, link, 3)
    async with running(home, engine) as first:
        await first.send(events, f"both-{link['id']}")
        await first.drained()
    async with running(tmp_path / "second", engine) as second:
        await second.send(events, f"both-{link['id']}")
        await second.send(clicks(account, link, 2))
        await second.drained()
    assert await counted(engine, link) == 5
    assert (await shown(engine, account, link))["cappedAt"] is not None


async def test_a_higher_cap_or_none_opens_the_link_and_a_lower_one_closes_it(
    stack: Stack, engine: AsyncEngine, account: Account
) -> None:
    link = await capped_link(engine, account, 2)
    await stack.send(clicks(account, link, 3))
    await stack.drained()
    path = f"{LINKS}/{link['id']}"
    for redirect, is_closed in (
        ({"maxClicks": 4}, False),
        ({"maxClicks": 3, "status": 301}, True),
        ({"maxClicks": 3, "status": 307}, True),
        ({"maxClicks": 9}, False),
        ({"maxClicks": 1}, True),
        (None, False),
    ):
        changed = await call(engine, account, "PATCH", path, {"redirect": redirect})
        assert (changed["cappedAt"] is not None) == is_closed, redirect
        assert ((await record(engine, link))[0].get("capped") is True) == is_closed, redirect
    back = await call(engine, account, "POST", f"{path}/versions/1/restore")
    assert back["redirect"] == {"maxClicks": 2}


async def test_a_cap_that_is_set_later_counts_what_was_before_it(
    stack: Stack, engine: AsyncEngine, account: Account
) -> None:
    link = await call(engine, account, "POST", LINKS, LINK)
    await stack.send(clicks(account, link, 4))
    await stack.drained()
    late = clicks(account, link, 2)  # made before the cap is set, and arriving after it
    await call(engine, account, "PATCH", f"{LINKS}/{link['id']}", {"redirect": {"maxClicks": 8}})
    await stack.send(late)
    await stack.send(clicks(account, link, 1))
    await stack.drained()
    assert await counted(engine, link) == 7
    assert (await shown(engine, account, link))["cappedAt"] is None
    await stack.send(clicks(account, link, 1))
    await stack.drained()
    assert await counted(engine, link) == 8
    assert (await shown(engine, account, link))["cappedAt"] is not None


async def test_a_cap_below_what_the_link_has_had_closes_it_at_once(
    stack: Stack, engine: AsyncEngine, account: Account
) -> None:
    link = await call(engine, account, "POST", LINKS, LINK)
    await stack.send(clicks(account, link, 4))
    await stack.drained()
    number = number_of(link)

    class Known:
        async def for_links(self, workspace_id: int, ids: Any) -> dict[int, tuple[int, None]]:
            assert (workspace_id, list(ids)) == (account.actor.workspace_id, [number])
            return {number: (4, None)}

    async with make_client(make_app(engine, totals=Known()), account.api_key) as api:
        answer = await api.patch(f"{LINKS}/{link['id']}", json={"redirect": {"maxClicks": 4}})
    assert answer.json()["cappedAt"] is not None
    assert (await record(engine, link))[0] == {"capped": True}


@pytest.mark.parametrize("point", ["inserted", "counting", "counted", "closing", "finished"])
async def test_killed_around_the_count_every_click_is_counted_once(
    point: str, tmp_path: Path, postgres_url: str, engine: AsyncEngine, account: Account
) -> None:
    """Between the insert and the count, between the count and the close, and after both."""
    total = BATCHES * CLICKS
    link = await capped_link(engine, account, total)
    home = tmp_path / point
    arguments = [sys.executable, "-m", "tests.integration.clicks.victim", str(home), postgres_url]
    nth = 1 if point == "closing" else 2
    for stop in ((point, str(nth)), ("none", "0")):
        process = await asyncio.create_subprocess_exec(
            *arguments, *stop, str(number_of(link)), str(account.actor.workspace_id),
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 90)
        assert process.returncode == (0 if stop[0] == "none" else -signal.SIGKILL), err.decode()
    assert json.loads(out.decode().splitlines()[-1])["raw"] == total
    assert await counted(engine, link) == total
    assert (await shown(engine, account, link))["cappedAt"] is not None
    async with engine.connect() as connection:
        closings = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.key == f"localhost/{link['key']}")
        assert (await connection.execute(closings)).scalar_one() == 2, "made, and closed once"
        row = (await connection.execute(sa.select(links.c.version).where(links.c.id == number_of(link)))).one()
    assert row.version > 0
