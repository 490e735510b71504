"""`python -m origin refused`: what an operator does about clicks that could not be read."""

import asyncio
import sys
import time

import httpx
import msgspec

from origin.clicks.intake import Receipt
from origin.clicks.refused import RefusedClicks
from origin.clicks.replay import replay
from origin.clicks.views import PATH, REPLAY
from origin.settings import OriginSettings
from shared import signing

USAGE = """python -m origin refused list      what was set aside here: id, time, reason
python -m origin refused download  the same with the events, a JSON object a line
python -m origin refused replay    send all that was not sent yet to origin again
"""


def main(arguments: list[str], settings: OriginSettings) -> int:
    """0 when all went well, 1 where clicks were refused again, 2 for arguments that say nothing."""
    refused = RefusedClicks(settings.home / "spool" / "refused")
    if arguments == ["list"]:
        for each in refused.letters():
            state = "replayed" if each.replayed else "set aside"
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(each.at))
            sys.stdout.write(f"{each.id}\t{at}\t{state}\t{each.reason}\n")
        return 0
    if arguments == ["download"]:
        for each in refused.letters():
            sys.stdout.buffer.write(msgspec.json.encode(each) + b"\n")
        return 0
    if arguments == ["replay"]:
        return asyncio.run(_replay(refused, settings))
    sys.stderr.write(USAGE)
    return 2


async def _replay(refused: RefusedClicks, settings: OriginSettings) -> int:
    # Over HTTP, since the spool belongs to the origin that runs.
    async with httpx.AsyncClient(base_url=settings.public_api_url, timeout=30) as http:

        async def send(body: bytes) -> Receipt:
            signed = signing.sign(settings.edge_signing_secret, "POST", PATH, body, time.time())
            response = await http.post(PATH, content=body, headers={signing.HEADER: signed, REPLAY: "1"})
            response.raise_for_status()
            return msgspec.json.decode(response.content, type=Receipt)

        try:
            done = await replay(refused, refused.letters(), send)
        except httpx.HTTPError as error:
            sys.stderr.write(f"Origin at {settings.public_api_url} did not take them: {error}\n")
            return 1
    for each in done.refused:
        sys.stderr.write(f"{each.id} is refused again: {each.reason}\n")
    sys.stdout.write(f"{done.replayed} clicks sent again\n")
    return 1 if done.refused else 0
