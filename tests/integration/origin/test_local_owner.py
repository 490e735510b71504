"""The owner of a local installation and credentials.json."""

import json
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin import local_owner
from origin.accounts.passwords import Passwords
from origin.storage.tables import api_keys, users
from tests.origin_app import make_client


@pytest.fixture
def folder(home: Path) -> Path:
    home.mkdir()
    return home


@pytest.fixture(autouse=True)
async def no_owner(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(sa.delete(users).where(users.c.email == local_owner.EMAIL))


async def works(app: Starlette, folder: Path) -> None:
    """Fail unless the file's password, key and workspace are the owner's."""
    said = json.loads((folder / "credentials.json").read_text())
    assert set(said) == {"email", "password", "api_key", "workspace_id"}
    async with make_client(app, said["api_key"]) as client:
        assert (await client.get("/api/v1/me")).json()["workspaceId"] == said["workspace_id"]
        body = {"email": said["email"], "password": said["password"]}
        assert (await client.post("/api/v1/auth/login", json=body)).status_code == 200


async def test_the_first_start_makes_the_owner_and_the_file(engine: AsyncEngine, app: Starlette, folder: Path) -> None:
    await local_owner.ensure(engine, folder, Passwords())
    await works(app, folder)
    assert stat.S_IMODE((folder / "credentials.json").stat().st_mode) == 0o600


async def test_later_starts_change_nothing(engine: AsyncEngine, folder: Path) -> None:
    first = await local_owner.ensure(engine, folder, Passwords())
    text = (folder / "credentials.json").read_text()
    assert await local_owner.ensure(engine, folder, Passwords()) == first
    assert (folder / "credentials.json").read_text() == text
    async with engine.connect() as connection:
        owner = sa.select(users.c.id).where(users.c.email == local_owner.EMAIL).scalar_subquery()
        count = sa.select(sa.func.count()).where(api_keys.c.user_id == owner)
        assert (await connection.execute(count)).scalar_one() == 1


async def test_a_start_killed_before_the_commit_is_made_good_by_the_next(
    engine: AsyncEngine, app: Starlette, folder: Path
) -> None:
    """The file is there and the owner is not: also the case of a database that was made anew."""
    said = await local_owner.ensure(engine, folder, Passwords())
    async with engine.begin() as connection:
        await connection.execute(sa.delete(users).where(users.c.email == local_owner.EMAIL))
    again = await local_owner.ensure(engine, folder, Passwords())
    assert (again.password, again.api_key) == (said.password, said.api_key)
    await works(app, folder)


@pytest.mark.parametrize("damage", ["missing", "cut off"])
async def test_a_lost_file_is_written_again_with_new_secrets(
    engine: AsyncEngine, app: Starlette, folder: Path, damage: str
) -> None:
    said = await local_owner.ensure(engine, folder, Passwords())
    path = folder / "credentials.json"
    if damage == "missing":
        path.unlink()
    else:
        path.write_text(path.read_text()[:20])
    again = await local_owner.ensure(engine, folder, Passwords())
    assert (again.workspace_id, again.password != said.password) == (said.workspace_id, True)
    await works(app, folder)
