import asyncio
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from origin import ids
from tests.factories import new_account
from tests.integration.clicks.asking import Asker, new_link
from tests.integration.clicks.support import Stack, event, running

PARTS = ("clicks", "bots", "previews", "prefetches", "heads", "duplicates", "capped")


async def account_for(asker: Asker, **parameters: str) -> dict[str, int]:
    found = await asker.answer(200, parameters, "analytics/accounting")
    assert found["requests"] == sum(found[part]["requests"] for part in PARTS)
    return {"requests": found["requests"], **{part: found[part]["requests"] for part in PARTS}}


async def test_each_request_is_in_one_part_and_the_sum_closes(stack: Stack, engine: AsyncEngine) -> None:
    asker = Asker(stack, await new_account(engine))
    link = await new_link(engine, asker.account, f"sum-{time.time_ns()}")
    await asker.click(
        {"link": link},
        *({"link": link + 1, **each} for each in ({}, {"kind": "head"}, {"kind": "prefetch"}, {"kind": "preview"})),
        {"link": link + 1, "user_agent": "curl/8"},
        batch_id="sum-1",
    )  # fmt: skip
    await stack.send([event(workspace=asker.workspace, link=link) for _ in range(2)], "sum-1")
    await stack.drained()
    expected = dict.fromkeys(PARTS, 1) | {"clicks": 2, "duplicates": 2, "capped": 0}
    assert await account_for(asker) == {"requests": 8, **expected}
    assert await account_for(asker, device="-TV") == {"requests": 8, **expected}, "the same from the raw clicks"
    of_link = await account_for(asker, linkId=ids.public(ids.LINK, link))
    assert (of_link["requests"], of_link["clicks"], of_link["duplicates"]) == (3, 1, 2)
    assert (await asker.ask())["clicks"] == 2


async def test_under_load_with_batches_sent_again_the_sum_is_what_was_acknowledged(
    stack: Stack, engine: AsyncEngine
) -> None:
    asker = Asker(stack, await new_account(engine))
    rng = random.Random(4)
    sent, first_time = Counter[str](), set[int]()
    batches: list[list[Any]] = [
        [
            event(
                workspace=asker.workspace, link=rng.randint(1, 9), kind=rng.choice(["click"] * 4 + ["head", "preview"])
            )
            for _ in range(rng.randint(1, 40))
        ]
        for _ in range(120)
    ]  # fmt: skip
    order = [*range(120), *(rng.randrange(120) for _ in range(80))]
    rng.shuffle(order)

    async def send(numbers: list[int]) -> None:
        for number in numbers:
            await stack.send(batches[number], f"load-{asker.workspace}-{number}")
            seen = number in first_time
            first_time.add(number)
            for each in batches[number]:
                sent["requests"] += 1
                sent["duplicate" if seen else each["kind"]] += 1

    await asyncio.gather(*(send(order[part::8]) for part in range(8)))
    await stack.drained()
    found = await account_for(asker)
    assert found["requests"] == sent["requests"] == await stack.scalar("SELECT count() FROM clicks")
    counted = (found["clicks"], found["heads"], found["previews"], found["duplicates"])
    assert counted == (sent["click"], sent["head"], sent["preview"], sent["duplicate"])


async def test_clicks_beyond_the_months_cap_are_recorded_and_not_counted(home: Path, engine: AsyncEngine) -> None:
    async with running(home, engine, clicks_per_month=3) as stack:
        asker = Asker(stack, await new_account(engine))
        await asker.click({}, {}, {})
        stack.pipeline.caps.forget()
        await asker.click({}, {"kind": "head"})
        other = Asker(stack, await new_account(engine))
        await other.click({})
        found = await account_for(asker)
        assert (found["requests"], found["clicks"], found["capped"], found["heads"]) == (5, 3, 1, 1)
        assert (await account_for(other))["clicks"] == 1
        assert (await asker.ask())["clicks"] == 3
