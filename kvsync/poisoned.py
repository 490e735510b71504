"""The changes that KV refused: list them, and let them be tried again."""

from kvsync import database
from kvsync.settings import Settings
from kvsync.sql import statements

_SQL = statements("outbox.sql")


async def show(settings: Settings) -> int:
    """Print each with its id and what KV said; raises psycopg.Error. The exit code is 0."""
    async with await database.connect(settings.database_url) as connection:
        rows = await (await connection.execute(_SQL["list_poisoned"])).fetchall()
    for number, key, version, attempts, since, error in rows:
        moment = since.isoformat(timespec="seconds")
        print(f"{number}\t{key}\tversion {version}\ttried {attempts} times\t{moment}\t{error}")  # noqa: T201
    if not rows:
        print("no change is set aside")  # noqa: T201
    return 0


async def retry(settings: Settings, number: int | None) -> int:
    """Queue one change again, or all of them with None; the exit code is 1 when there was none."""
    async with await database.connect(settings.database_url) as connection:
        row = await (await connection.execute(_SQL["retry"], {"id": number})).fetchone()
    count = row[0] if row else 0
    if number is not None and not count:
        print(f"no refused change has the id {number}: `kvsync poisoned` lists them")  # noqa: T201
        return 1
    print(f"{count} changes will be tried again")  # noqa: T201
    return 0
