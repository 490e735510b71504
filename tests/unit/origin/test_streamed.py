from collections.abc import AsyncIterator

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Scope

from origin.streamed import Streamed

SCOPE: Scope = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}}


async def parts() -> AsyncIterator[bytes]:
    yield b"one"
    yield b"two"


async def nothing() -> Message:
    return {"type": "http.disconnect"}


@pytest.mark.parametrize("sent_before", [0, 1, 2, 9])
async def test_what_it_holds_is_given_back_whenever_the_reader_leaves(sent_before: int) -> None:
    sent, given_back = list[Message](), list[bool]()

    async def send(message: Message) -> None:
        if len(sent) == sent_before:
            raise OSError("the reader is gone")
        sent.append(message)

    async def closing() -> None:
        given_back.append(True)

    answer = Streamed(parts(), closing, media_type="text/plain", headers={})
    if sent_before < 4:
        with pytest.raises(ClientDisconnect):
            await answer(SCOPE, nothing, send)
    else:
        await answer(SCOPE, nothing, send)
    assert given_back == [True]
