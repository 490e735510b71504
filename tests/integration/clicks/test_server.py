"""The client of CLICKHOUSE_URL, over HTTP. What the shim leaves out is written there."""

from pathlib import Path

import anyio
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.storage.clickhouse import ClickHouse, ClickHouseUnavailable, connection_arguments, database_of
from tests.conftest import unused_port
from tests.integration.clicks.clickhouse_shim import running_shim
from tests.integration.clicks.support import event, running

SUM = "SELECT sum(requests) FROM link_counts WHERE link_id = 0"


async def test_clicks_reach_a_server_as_they_reach_the_embedded_engine(
    home: Path, engine: AsyncEngine, tmp_path: Path
) -> None:
    with running_shim(tmp_path / "server") as shim:
        async with running(home, engine, shim.url) as stack:
            await stack.send([event(country="DE"), event(country="it's"), event(user_agent="curl/8")])
            await stack.drained()
            assert await stack.scalar(SUM) == 3
            rows = await stack.clickhouse.query(
                "SELECT value FROM dimension_spans WHERE dimension = {name:String} AND span = 'day' ORDER BY value",
                {"name": "country"},
            )
            assert [row["value"] for row in rows] == ["DE", "IT"]
            block = await stack.scalar("SELECT any(block_id) FROM clicks")
            row = (await stack.clickhouse.query("SELECT * FROM clicks LIMIT 1"))[0]
            for _ in range(2):
                await stack.clickhouse.insert("clicks", list(row), [[value] for value in row.values()], block)
            assert await stack.scalar(SUM) == 3
        assert not (home / "clickhouse").exists()
        assert shim.inserts == 3


async def test_a_server_that_is_down_at_the_start_and_later_loses_no_click(
    home: Path, engine: AsyncEngine, tmp_path: Path
) -> None:
    with running_shim(tmp_path / "server") as shim:
        shim.down = True
        async with running(home, engine, shim.url) as stack:
            await stack.send([event()])
            async with stack.client() as http:
                assert (await http.get("/readyz")).status_code == 503
            shim.down = False
            with anyio.fail_after(30):
                while not stack.clickhouse.opened:
                    await anyio.sleep(0.05)
            await stack.drained()
            shim.down = True
            await stack.send([event(), event()])
            with anyio.fail_after(30):
                while not stack.pipeline.drain.problem:
                    await anyio.sleep(0.05)
            shim.down = False
            await stack.drained()
            assert await stack.scalar(SUM) == 3


async def test_a_server_that_is_not_there_is_said_to_be() -> None:
    clickhouse = ClickHouse(Path("unused"), f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(ClickHouseUnavailable, match="refused"):
        await clickhouse.open()
    with pytest.raises(ClickHouseUnavailable, match="not connected"):
        await clickhouse.ping()


def test_a_url_says_everything_about_the_server() -> None:
    found = connection_arguments("https://user:p%40ss@ch.example/db%20name")
    assert (found["interface"], found["host"], found["port"]) == ("https", "ch.example", 8443)
    assert (found["username"], found["password"]) == ("user", "p@ss")
    assert database_of("https://ch.example/db%20name") == "db name"
    assert connection_arguments("http://ch.example")["port"] == 8123
    assert database_of("http://ch.example") == "nearhop"
