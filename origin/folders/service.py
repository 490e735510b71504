"""Folders of a workspace."""

from collections.abc import Collection
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import UNSET
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.audit import trail
from origin.folders.model import Folder, FolderChange, FolderFilter, NewFolder
from origin.pages import Order, Page, fetch
from origin.problems import Conflict, NotFound
from origin.storage.tables import Row, folders


async def create(connection: AsyncConnection, workspace_id: int, body: NewFolder) -> Folder:
    """A new folder; raises Conflict where its name is taken."""
    statement = insert(folders).values(workspace_id=workspace_id, **_values(body)).on_conflict_do_nothing()
    row = (await connection.execute(statement.returning(folders))).one_or_none()
    if row is None:
        raise _taken(body.name)
    await trail.record(connection, workspace_id, trail.created("folder.create", shown(row)))
    return shown(row)


async def change(connection: AsyncConnection, workspace_id: int, folder_id: str, body: FolderChange) -> Folder:
    """Change a folder; raises NotFound or Conflict."""
    values = {**_values(body), "updated_at": sa.func.now()}
    select = sa.select(folders).where(_is(workspace_id, folder_id)).with_for_update()
    former = (await connection.execute(select)).one_or_none()
    if former is None:
        raise _unknown(folder_id)
    statement = sa.update(folders).where(folders.c.id == former.id).values(values).returning(folders)
    try:
        row = (await connection.execute(statement)).one()
    except IntegrityError as error:
        raise _taken(str(body.name)) from error
    await trail.record(connection, workspace_id, trail.updated("folder.update", shown(former), shown(row)))
    return shown(row)


async def delete(connection: AsyncConnection, workspace_id: int, folder_id: str) -> None:
    """Delete a folder; its links stay, in no folder. Raises NotFound."""
    statement = sa.delete(folders).where(_is(workspace_id, folder_id)).returning(folders)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise _unknown(folder_id)
    await trail.record(connection, workspace_id, trail.deleted("folder.delete", shown(row)))


async def page(connection: AsyncConnection, workspace_id: int, wanted: FolderFilter, page: Page) -> list[Folder]:
    """One page of the folders that fit, by name."""
    order = Order(sa.func.lower(folders.c.name, type_=sa.Text), folders.c.id)
    select = sa.select(folders).where(folders.c.workspace_id == workspace_id)
    if wanted.search:
        select = select.where(folders.c.name.icontains(wanted.search, autoescape=True))
    return [shown(row) for row in await fetch(connection, select, order, page)]


async def known(connection: AsyncConnection, workspace_id: int, numbers: Collection[int]) -> set[int]:
    """Those of the numbers that are folders of the workspace."""
    if not numbers:
        return set()
    mine = sa.and_(folders.c.workspace_id == workspace_id, folders.c.id.in_(numbers))
    return set((await connection.execute(sa.select(folders.c.id).where(mine))).scalars())


def shown(row: Row) -> Folder:
    """A folder as the API shows it."""
    number = ids.public(ids.FOLDER, row.id)
    return Folder(number, row.name, row.description, "default", row.access_level, row.created_at, row.updated_at)


def _values(body: FolderChange) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}


def _is(workspace_id: int, folder_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(folders.c.workspace_id == workspace_id, folders.c.id == ids.parse(ids.FOLDER, folder_id))


def _taken(name: str) -> Conflict:
    return Conflict(f"name: there is a folder {name!r} in this workspace already. Choose another name.")


def _unknown(folder_id: str) -> NotFound:
    return NotFound(f"There is no folder {folder_id} in this workspace.")
