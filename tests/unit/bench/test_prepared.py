import asyncio
import time

import pytest

from bench.click_generator.batches import PATH, Batch, batches
from bench.click_generator.model import Model, Shape
from bench.prepared import prepare, send_all
from shared import signing

SECRET = "a secret of the test"


class Intake:
    """Answers over real sockets with the statuses that it is told, then 202; keeps what came."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.bodies: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            assert head == f"POST {PATH} HTTP/1.1\r\n".encode()
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines if line)
            body = await reader.readexactly(int(headers["Content-Length"]))
            signing.verify(SECRET, headers[signing.HEADER], "POST", PATH, body, time.time())
            self.bodies.append(body)
            status = self._statuses.pop(0) if self._statuses else 202
            writer.write(f"HTTP/1.1 {status} -\r\ncontent-length: 2\r\n\r\n{{}}".encode())
        writer.close()


async def sent(intake: Intake, given: list[Batch]) -> int:
    server = await asyncio.start_server(intake, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        posted = await send_all(url, prepare(url, SECRET, given), at_once=2)
    assert len(posted.taken) == len(given)
    return posted.clicks


async def test_each_prepared_batch_arrives_signed_and_again_after_a_refusal() -> None:
    given = list(batches(Model(Shape(clicks=250))))
    intake = Intake(503, 202, 503)
    assert await sent(intake, given) == 250
    assert len(intake.bodies) == 5
    assert set(intake.bodies) == {batch.body for batch in given}


async def test_an_answer_that_is_no_refusal_ends_the_sending() -> None:
    with pytest.raises(AssertionError, match="401"):
        await sent(Intake(401), list(batches(Model(Shape(clicks=100)))))
