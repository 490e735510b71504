from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.click_event import MAX_BYTES, encode_batch
from shared.signing import HEADER, REPLAY_WINDOW_SECONDS
from tests.integration.clicks.support import PATH, Stack, event, running, signature

COUNT = "SELECT count() FROM clicks"
SUM = "SELECT sum(requests) FROM link_counts WHERE link_id = 0"


async def test_a_signed_batch_is_counted(stack: Stack) -> None:
    await stack.send([event(), event(link=2)])
    await stack.drained()
    assert await stack.scalar(COUNT) == 2
    assert await stack.scalar(SUM) == 2


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"secret": "another"}, "signature"),
        ({"path": "/internal/links"}, "signature"),
        ({"age": REPLAY_WINDOW_SECONDS + 5}, "replay window"),
        ({"age": -REPLAY_WINDOW_SECONDS - 5}, "replay window"),
    ],
)
async def test_a_call_that_is_not_the_edges_is_refused(stack: Stack, changes: dict[str, object], word: str) -> None:
    response = await stack.post(encode_batch("b", "edge", [event()]), **changes)
    assert response.status_code == 401
    assert word in response.json()["error"]["message"]
    assert await stack.pipeline.is_drained()


async def test_an_unsigned_call_or_one_with_another_body_is_refused(stack: Stack) -> None:
    body = encode_batch("b", "edge", [event()])
    async with stack.client() as http:
        unsigned = await http.post(PATH, content=body)
        changed = await http.post(PATH, content=body + b" ", headers={HEADER: signature(body)})
    assert (unsigned.status_code, changed.status_code) == (401, 401)
    assert unsigned.json()["error"]["code"] == "unauthorized"


async def test_one_bad_event_is_told_and_the_good_ones_are_counted(stack: Stack) -> None:
    response = await stack.post(encode_batch("b", "edge", [event(), event(link=0), event()]))
    assert response.status_code == 202
    assert response.json()["accepted"] == 2
    assert [each["index"] for each in response.json()["refused"]] == [1]
    await stack.drained()
    assert await stack.scalar(SUM) == 2


async def test_a_body_that_is_too_large_is_refused(stack: Stack) -> None:
    response = await stack.post(b"x" * (MAX_BYTES + 1))
    assert response.status_code == 413


async def test_a_body_that_is_no_batch_is_refused(stack: Stack) -> None:
    response = await stack.post(b'{"batch_id": 1}')
    assert response.status_code == 400
    assert "click batch" in response.json()["error"]["message"]


async def test_at_the_disk_cap_the_edge_is_told_when_to_come_again(home: Path, engine: AsyncEngine) -> None:
    async with running(home, engine, spool_max_bytes=100) as stack:
        response = await stack.post(encode_batch("b", "edge", [event()]))
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "NEARHOP_SPOOL_MAX_BYTES" in response.json()["error"]["message"]


async def test_a_disk_that_refuses_stops_the_intake_and_nothing_else(home: Path, engine: AsyncEngine) -> None:
    async with running(home, engine) as stack:
        await stack.send([event()])
        await stack.drained()
        folder = home / "spool" / "segments"
        folder.rename(home / "gone")  # as root may write anywhere, a missing folder stands for a read-only one
        stack.pipeline.spool.seal()
        response = await stack.post(encode_batch("b", "edge", [event()]))
        async with stack.client() as http:
            ready = await http.get("/readyz")
        (home / "gone").rename(folder)
        assert response.status_code == 503
        assert "can't write" in response.json()["error"]["message"]
        assert ready.status_code == 503
        assert ready.json()["parts"]["spool"]["ok"] is False
        assert ready.json()["parts"]["clickhouse"]["ok"] is True
        assert await stack.scalar(SUM) == 1
