"""Destinations are compared again: what is listed meanwhile is put into quarantine, and released when it is listed no more."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.links.options import Records
from origin.safety import safe_browsing
from origin.safety.blocklist import MOST_BYTES, Blocklist
from origin.safety.checks import Safety
from origin.safety.recheck import Recheck
from origin.safety.safe_browsing import SafeBrowsing
from origin.safety.safe_browsing_fake import KEY, FakeSafeBrowsing
from origin.storage.tables import link_checks, links, quarantines
from tests.origin_app import EDGE_SECRET

LINKS = "/api/v1/links"
PHISH = "https://phish.example/login"


class Clicked:
    """The links that are clicked most."""

    def __init__(self, *link_ids: int) -> None:
        self.link_ids = link_ids

    async def most_clicked(self, limit: int) -> Sequence[int]:
        return self.link_ids[:limit]


class Lists:
    """What the lists have, to be changed by a test. Each `recheck` is one of a fresh process."""

    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        self._engine = engine
        self.google = FakeSafeBrowsing()
        self.file = folder / "blocklist.txt"
        self.block("nobody.example")

    def block(self, *hosts: str) -> None:
        self.file.write_text("\n".join(hosts), encoding="utf-8")

    def recheck(self, *clicked: int, key: str = KEY) -> Recheck:
        http = httpx.AsyncClient(transport=httpx.ASGITransport(self.google.app))
        safety = Safety(Blocklist(self.file), SafeBrowsing("https://safebrowsing.test", key, http))
        return Recheck(self._engine, safety, Records(EDGE_SECRET), Clicked(*clicked))

    async def its_turn_again(self) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(sa.update(link_checks).values(checked_at=sa.text("now() - interval '7 hours'")))


@pytest.fixture
async def lists(engine: AsyncEngine, tmp_path: Path) -> Lists:
    async with engine.begin() as connection:
        await connection.execute(sa.delete(links))
    return Lists(engine, tmp_path)


async def made(api: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await api.post(LINKS, json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def quarantine_of(api: httpx.AsyncClient, link: dict[str, Any]) -> Any:
    return (await api.get(f"{LINKS}/info", params={"linkId": link["id"]})).json()["quarantine"]


async def test_a_link_whose_destination_is_listed_later_is_taken_down_and_released_after(
    api: httpx.AsyncClient, lists: Lists
) -> None:
    harmless = await made(api, url="https://example.com/")
    link = await made(api, url="https://example.com/", geo={"DE": "https://www.turned.example/x"})
    phish = await made(api, url=PHISH)
    assert await lists.recheck().run() == 3
    assert await quarantine_of(api, link) is None
    lists.block("turned.example")
    lists.google.list("phish.example/login")
    assert await lists.recheck().run() == 0, "not their turn"
    await lists.its_turn_again()
    assert await lists.recheck().run() == 3
    assert await quarantine_of(api, link) == {"action": "block", "reason": "abuse", "source": "blocklist"}
    assert await quarantine_of(api, phish) == {"action": "warn", "reason": "phishing", "source": "safe_browsing"}
    assert await quarantine_of(api, harmless) is None
    lists.block("nobody.example")
    await lists.its_turn_again()
    await lists.recheck().run()
    assert await quarantine_of(api, link) is None
    past = (await api.get(f"{LINKS}/{link['id']}/quarantines")).json()
    assert [(each["source"], each["releaseNote"]) for each in past] == [("blocklist", "listed no more")]


async def test_old_links_are_looked_at_while_they_are_clicked(
    api: httpx.AsyncClient, lists: Lists, engine: AsyncEngine
) -> None:
    link = await made(api, url="https://turned.example/")
    async with engine.begin() as connection:
        await connection.execute(sa.update(links).values(created_at=sa.text("now() - interval '8 days'")))
    lists.block("turned.example")
    assert await lists.recheck().run() == 0
    assert await lists.recheck(int(link["id"].removeprefix("link_"), 36), 2**60).run() == 1
    assert (await quarantine_of(api, link))["source"] == "blocklist"


async def test_while_safe_browsing_fails_links_keep_their_turn(api: httpx.AsyncClient, lists: Lists) -> None:
    link = await made(api, url=PHISH)
    lists.google.list("phish.example/login")
    lists.google.fail_with = 503
    assert await lists.recheck().run() == 0
    lists.google.fail_with = None
    assert await lists.recheck().run() == 1
    assert (await quarantine_of(api, link))["source"] == "safe_browsing"


async def test_several_processes_look_at_each_link_once(
    api: httpx.AsyncClient, lists: Lists, engine: AsyncEngine
) -> None:
    for number in range(20):
        await made(api, url=f"https://turned.example/{number}")
    lists.block("turned.example")
    assert sum(await asyncio.gather(*(lists.recheck().run() for _ in range(4)))) == 20
    async with engine.connect() as connection:
        placed = sa.select(sa.func.count()).select_from(quarantines).join(links, links.c.id == quarantines.c.link_id)
        assert (await connection.execute(placed)).scalar_one() == 20


async def test_a_link_that_the_workspace_took_down_is_not_opened_with_a_warning(
    api: httpx.AsyncClient, lists: Lists
) -> None:
    link = await made(api, url=PHISH)
    await api.put(f"{LINKS}/{link['id']}/quarantine", json={"action": "block", "reason": "spam"})
    lists.google.list("phish.example/login")
    assert await lists.recheck().run() == 1
    assert await quarantine_of(api, link) == {"action": "block", "reason": "spam", "source": "workspace"}


async def test_what_the_operator_has_decided_is_left_alone(
    api: httpx.AsyncClient, lists: Lists, engine: AsyncEngine
) -> None:
    link = await made(api, url="https://turned.example/")
    async with engine.begin() as connection:
        await connection.execute(
            sa.update(links).values(quarantine={"action": "warn", "reason": "other", "source": "operator"})
        )
    lists.block("turned.example")
    assert await lists.recheck().run() == 1
    assert (await quarantine_of(api, link))["source"] == "operator"


async def test_a_list_that_could_not_be_asked_releases_nothing(
    api: httpx.AsyncClient, lists: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, phish = await made(api, url="https://turned.example/"), await made(api, url=PHISH)
    lists.block("turned.example")
    lists.google.list("phish.example/login")
    await lists.recheck().run()
    lists.google = FakeSafeBrowsing()
    lists.file.unlink()
    await lists.its_turn_again()
    assert await lists.recheck(key="").run() == 2
    lists.block("nobody.example")
    with lists.file.open("ab") as end:
        end.truncate(MOST_BYTES + 1)
    await lists.its_turn_again()
    monkeypatch.setattr(safe_browsing, "_SHORTEST_SECONDS", 0.0)  # what was heard grows old at once
    lists.google.cache_seconds = 0
    assert await lists.recheck().run() == 2
    assert (await quarantine_of(api, link))["source"] == "blocklist"
    assert (await quarantine_of(api, phish))["source"] == "safe_browsing"
    lists.google.cache_seconds = 300
    lists.block("nobody.example")
    await lists.its_turn_again()
    assert await lists.recheck().run() == 2
    assert [await quarantine_of(api, each) for each in (link, phish)] == [None, None]


async def test_a_list_that_lets_go_leaves_what_the_workspace_had_done(api: httpx.AsyncClient, lists: Lists) -> None:
    warned, taken_down = [await made(api, url="https://turned.example/") for _ in range(2)]
    for link, action in ((warned, "warn"), (taken_down, "block")):
        body = {"action": action, "reason": "spam", "note": "a customer wrote"}
        await api.put(f"{LINKS}/{link['id']}/quarantine", json=body)
    lists.block("turned.example")
    await lists.recheck().run()
    assert await quarantine_of(api, warned) == {"action": "block", "reason": "abuse", "source": "blocklist"}
    assert await quarantine_of(api, taken_down) == {"action": "block", "reason": "spam", "source": "workspace"}
    lists.block("nobody.example")
    await lists.its_turn_again()
    await lists.recheck().run()
    assert await quarantine_of(api, warned) == {"action": "warn", "reason": "spam", "source": "workspace"}
    assert await quarantine_of(api, taken_down) == {"action": "block", "reason": "spam", "source": "workspace"}
    past = (await api.get(f"{LINKS}/{warned['id']}/quarantines")).json()
    assert [(each["source"], each["note"]) for each in past if each["releasedAt"] is None] == [
        ("workspace", "a customer wrote")
    ]
    assert past[0]["placedBy"] == warned["userId"]


async def test_what_the_workspace_releases_is_compared_at_the_next_check(api: httpx.AsyncClient, lists: Lists) -> None:
    link = await made(api, url="https://turned.example/")
    await api.put(f"{LINKS}/{link['id']}/quarantine", json={"action": "block", "reason": "spam"})
    lists.block("turned.example")
    assert await lists.recheck().run() == 1
    await api.delete(f"{LINKS}/{link['id']}/quarantine")
    assert await lists.recheck().run() == 1, "it has its turn at once"
    assert (await quarantine_of(api, link))["source"] == "blocklist"
