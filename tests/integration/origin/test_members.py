"""Who is in a workspace, and that it keeps an owner, also when several change that at once."""

import asyncio
from collections import Counter

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin import ids
from origin.storage.tables import memberships
from tests.factories import Account, new_account, new_member
from tests.origin_app import make_client


@pytest.fixture
def path(account: Account) -> str:
    return f"/api/v1/workspaces/{account.workspace_id}"


def public(member: Account) -> str:
    return ids.public(ids.USER, member.actor.user_id)


async def roles(engine: AsyncEngine, account: Account) -> dict[int, str]:
    mine = memberships.c.workspace_id == account.actor.workspace_id
    async with engine.connect() as connection:
        rows = await connection.execute(sa.select(memberships.c.user_id, memberships.c.role).where(mine))
        return {row.user_id: row.role for row in rows}


async def test_members_are_listed_and_get_other_roles(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account, path: str
) -> None:
    member = await new_member(engine, account.actor.workspace_id, "viewer")
    listed = (await api.get(f"{path}/members")).json()
    assert [(each["email"], each["role"]) for each in listed] == [(account.email, "owner"), (member.email, "viewer")]
    changed = await api.patch(f"{path}/members/{public(member)}", json={"role": "admin"})
    assert {each["userId"]: each["role"] for each in changed.json()}[public(member)] == "admin"
    assert (await api.patch(f"{path}/members/{public(member)}", json={"role": "king"})).status_code == 422
    assert (await api.patch(f"{path}/members/user_zzz", json={"role": "admin"})).status_code == 404


async def test_a_member_who_is_taken_out_is_out_with_their_keys(
    api: httpx.AsyncClient, app: Starlette, engine: AsyncEngine, account: Account, path: str
) -> None:
    member = await new_member(engine, account.actor.workspace_id, "member")
    async with make_client(app, member.api_key) as theirs:
        assert (await theirs.get("/api/v1/links")).status_code == 200
        assert (await api.delete(f"{path}/members/{public(member)}")).status_code == 204
        assert (await theirs.get("/api/v1/links")).status_code == 401
    assert (await api.delete(f"{path}/members/{public(member)}")).status_code == 404


async def test_an_admin_neither_makes_nor_changes_owners(
    app: Starlette, engine: AsyncEngine, account: Account, path: str
) -> None:
    admin = await new_member(engine, account.actor.workspace_id, "admin")
    viewer = await new_member(engine, account.actor.workspace_id, "viewer")
    async with make_client(app, admin.api_key) as theirs:
        assert (await theirs.patch(f"{path}/members/{public(viewer)}", json={"role": "member"})).status_code == 200
        assert (await theirs.patch(f"{path}/members/{public(admin)}", json={"role": "owner"})).status_code == 403
        assert (await theirs.patch(f"{path}/members/{public(account)}", json={"role": "viewer"})).status_code == 403
        assert (await theirs.delete(f"{path}/members/{public(account)}")).status_code == 403


async def test_the_last_owner_stays(api: httpx.AsyncClient, account: Account, path: str) -> None:
    me = f"{path}/members/{public(account)}"
    assert (await api.patch(me, json={"role": "admin"})).status_code == 409
    assert (await api.delete(me)).status_code == 409
    assert (await api.post(f"{path}/leave")).status_code == 409


async def test_ownership_is_handed_over(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account, path: str
) -> None:
    heir = await new_member(engine, account.actor.workspace_id, "viewer")
    stranger = await new_account(engine)
    assert (await api.post(f"{path}/transfer", json={"userId": public(stranger)})).status_code == 404
    assert (await api.post(f"{path}/transfer", json={"userId": public(account)})).status_code == 409
    assert (await api.post(f"{path}/transfer", json={"userId": public(heir)})).status_code == 200
    assert await roles(engine, account) == {account.actor.user_id: "admin", heir.actor.user_id: "owner"}
    assert (await api.post(f"{path}/transfer", json={"userId": public(heir)})).status_code == 403


@pytest.mark.parametrize("way", ["leave", "step down"])
async def test_of_owners_who_go_at_once_one_has_to_stay(
    app: Starlette, engine: AsyncEngine, account: Account, path: str, way: str
) -> None:
    owners = [account, *[await new_member(engine, account.actor.workspace_id, "owner") for _ in range(5)]]

    async def go(owner: Account) -> int:
        async with make_client(app, owner.api_key) as client:
            if way == "leave":
                return (await client.post(f"{path}/leave")).status_code
            return (await client.patch(f"{path}/members/{public(owner)}", json={"role": "viewer"})).status_code

    answers = Counter(await asyncio.gather(*(go(owner) for owner in owners)))
    assert answers == {204 if way == "leave" else 200: 5, 409: 1}
    assert list((await roles(engine, account)).values()).count("owner") == 1


async def test_two_owners_who_demote_each_other_at_once_leave_one(
    app: Starlette, engine: AsyncEngine, account: Account, path: str
) -> None:
    other = await new_member(engine, account.actor.workspace_id, "owner")

    async def demote(by: Account, whom: Account) -> int:
        async with make_client(app, by.api_key) as client:
            return (await client.patch(f"{path}/members/{public(whom)}", json={"role": "viewer"})).status_code

    answers = await asyncio.gather(demote(account, other), demote(other, account))
    assert sorted(answers) == [200, 403]
    assert sorted((await roles(engine, account)).values()) == ["owner", "viewer"]


async def test_a_workspace_is_renamed_and_its_slug_stays_unique(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, path: str
) -> None:
    renamed = await api.patch(path, json={"name": "Better", "slug": f"better-{path[-4:].replace('_', 'x')}"})
    assert renamed.json()["name"] == "Better"
    assert (await api.get(path)).json() == renamed.json()
    (theirs,) = (await stranger.get("/api/v1/workspaces")).json()
    assert (await api.patch(path, json={"slug": theirs["slug"]})).status_code == 409
    assert (await stranger.get(path)).status_code == 404


async def test_a_deleted_workspace_takes_its_links_from_the_edge(
    api: httpx.AsyncClient, engine: AsyncEngine, path: str
) -> None:
    links = [(await api.post("/api/v1/links", json={"url": "https://example.com"})).json() for _ in range(3)]
    assert (await api.delete(path)).status_code == 204
    assert (await api.get("/api/v1/links")).status_code == 401
    async with engine.connect() as connection:
        for link in links:
            last = sa.text("SELECT value, version FROM outbox WHERE key = :key ORDER BY version")
            rows = (await connection.execute(last, {"key": f"{link['domain']}/{link['key']}"})).all()
            assert rows[-1].value is None
            assert rows[-1].version > rows[0].version
