import asyncio

from origin.ending import end


async def test_a_task_that_lives_through_a_cancellation_is_told_again() -> None:
    lived_through = 0

    async def stubborn() -> None:
        nonlocal lived_through
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lived_through += 1
                if lived_through == 2:
                    raise

    async def ended() -> None:
        raise ValueError

    tasks = asyncio.create_task(stubborn()), asyncio.create_task(ended())
    await asyncio.sleep(0)
    await end(*tasks)
    assert lived_through == 2
    assert isinstance(tasks[1].exception(), ValueError)
    await end()
