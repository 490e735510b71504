"""Reading the audit log: pages, filters, files; and that nobody changes what is in it."""

import csv
import io
import json
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin import ids
from origin.audit import retention, trail
from origin.audit.trail import Author, Change
from origin.storage.tables import audit_logs
from tests.factories import Account, new_account, new_member
from tests.letters import PASSWORD, bearer, register
from tests.origin_app import make_client
from tests.query_plans import Plans

LOGS, EXPORT = "/api/v1/audit-logs", "/api/v1/audit-logs/export"


@pytest.fixture
async def account(engine: AsyncEngine) -> Account:
    """An account whose log is empty: that it was made is left out."""
    made = await new_account(engine)
    async with engine.begin() as connection:
        await connection.execute(sa.text("SET LOCAL nearhop.audit_sweep = 'on'"))
        await connection.execute(sa.delete(audit_logs).where(audit_logs.c.workspace_id == made.actor.workspace_id))
    return made


async def logs(api: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    answer = await api.get(LOGS, params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def make_link(api: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    made = await api.post("/api/v1/links", json={"url": "https://example.com/", **body})
    assert made.status_code == 200, made.text
    return dict(made.json())


async def fill(engine: AsyncEngine, workspace_id: int, count: int) -> None:
    """Entries, one a second, the last one now."""
    fill = sa.text(
        "INSERT INTO audit_logs (workspace_id, created_at, action, resource_type, resource_id, actor_type, user_id)"
        " SELECT :workspace_id, now() - make_interval(secs => n), 'link.create', 'link', 'link_' || n, 'user', n % 50"
        " FROM generate_series(1, :count) AS n"
    )
    async with engine.begin() as connection:
        await connection.execute(fill, {"workspace_id": workspace_id, "count": count})


async def test_an_entry_says_who_did_what_to_what_and_from_where(api: httpx.AsyncClient, account: Account) -> None:
    link = await make_link(api, title="First")
    changed = await api.patch(
        f"/api/v1/links/{link['id']}", json={"title": "Second", "password": "open sesame"},
        headers={"User-Agent": "a script", "X-Request-Id": "mine-1"},
    )  # fmt: skip
    assert changed.status_code == 200
    newest, oldest = await logs(api)
    assert newest["action"] == "link.update"
    assert newest["resource"] == {"type": "link", "id": link["id"], "name": f"{link['domain']}/{link['key']}"}
    assert newest["before"] == {"title": "First", "password": None}
    assert newest["after"] == {"title": "Second", "password": "********"}
    assert newest["actor"]["type"] == "api_key"
    assert newest["actor"]["name"] == "test"
    assert newest["actor"]["email"] == account.email
    assert newest["place"] == {
        "address": "127.0.0.1", "userAgent": "a script", "requestId": "mine-1", "sessionId": None,
    }  # fmt: skip
    assert oldest["action"] == "link.create"
    assert oldest["before"] is None
    assert oldest["after"]["url"] == "https://example.com/"
    assert "expiresAt" not in oldest["after"]


async def test_a_person_is_named_with_their_session(app: Starlette) -> None:
    async with make_client(app) as client:
        headers = bearer(await register(client, name="Ada"))
        (session,) = (await client.get("/api/v1/me/sessions", headers=headers)).json()
        await client.post("/api/v1/tags", json={"name": "red"}, headers=headers)
        entries = (await client.get(LOGS, headers=headers)).json()
    assert [each["action"] for each in entries] == ["tag.create", "workspace.create"]
    assert [each["actor"]["name"] for each in entries] == ["Ada", "Ada"]
    assert [each["place"]["sessionId"] for each in entries] == [
        session["id"],
        None,
    ]  # the letter came before the session


async def test_what_changes_nothing_leaves_no_entry(api: httpx.AsyncClient) -> None:
    link = await make_link(api, title="Same")
    await api.patch(f"/api/v1/links/{link['id']}", json={"title": "Same"})
    assert (await api.post("/api/v1/links", json={"url": "javascript:alert(1)"})).status_code == 422
    assert [each["action"] for each in await logs(api)] == ["link.create"]


async def test_what_is_rolled_back_leaves_no_entry(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    async with engine.connect() as connection, connection.begin() as transaction:
        await trail.record(connection, account.actor.workspace_id, Change("link.create", "link_1", "x"))
        await transaction.rollback()
    assert await logs(api) == []


async def test_a_repeated_call_with_an_idempotency_key_leaves_one_entry(api: httpx.AsyncClient) -> None:
    for _ in range(2):
        await api.post("/api/v1/tags", json={"name": "once"}, headers={"Idempotency-Key": "a"})
    assert len(await logs(api)) == 1


async def test_pages_neither_lose_nor_repeat_entries_that_come_meanwhile(api: httpx.AsyncClient) -> None:
    for number in range(7):
        await api.post("/api/v1/tags", json={"name": f"tag {number}"})
    first = await logs(api, pageSize=3)
    await api.post("/api/v1/tags", json={"name": "meanwhile"})
    second = await logs(api, pageSize=3, startingAfter=first[-1]["id"])
    last = await logs(api, pageSize=3, startingAfter=second[-1]["id"])
    names = [each["resource"]["name"] for each in [*first, *second, *last]]
    assert names == [f"tag {number}" for number in range(6, -1, -1)]
    assert await logs(api, pageSize=3, endingBefore=second[0]["id"]) == first
    assert [each["resource"]["name"] for each in await logs(api, endingBefore=first[0]["id"])] == ["meanwhile"]
    assert (await api.get(LOGS, params={"startingAfter": "log_zzz"})).status_code == 422


async def test_entries_are_filtered(
    api: httpx.AsyncClient, app: Starlette, engine: AsyncEngine, account: Account
) -> None:
    admin = await new_member(engine, account.actor.workspace_id, "admin")
    link = await make_link(api)
    async with make_client(app, admin.api_key) as theirs:
        await theirs.post("/api/v1/tags", json={"name": "theirs"})
    await api.delete(f"/api/v1/links/{link['id']}")

    async def actions(**params: Any) -> list[str]:
        wanted = {"link.create", "link.delete", "tag.create"}
        return [each["action"] for each in await logs(api, **params) if each["action"] in wanted]

    assert await actions() == ["link.delete", "tag.create", "link.create"]
    assert await actions(actorId=ids.public(ids.USER, admin.actor.user_id)) == ["tag.create"]
    (by_key,) = await logs(api, action="tag.create")
    assert await actions(actorId=by_key["actor"]["id"]) == ["tag.create"]
    assert await actions(action="link.create,tag.create") == ["tag.create", "link.create"]
    assert await actions(resourceType="link") == ["link.delete", "link.create"]
    assert await actions(resourceId=link["id"]) == ["link.delete", "link.create"]
    assert await actions(start=by_key["createdAt"]) == ["link.delete", "tag.create"]
    assert await actions(end=by_key["createdAt"]) == ["link.create"]
    assert await actions(actorType="system") == []
    assert (await api.get(LOGS, params={"actorId": "nobody"})).status_code == 422


async def test_each_workspace_reads_its_own(api: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    await api.post("/api/v1/tags", json={"name": "mine"})
    (entry,) = await logs(api)
    assert entry["id"] not in {each["id"] for each in await logs(stranger)}
    assert (await stranger.get(LOGS, params={"startingAfter": entry["id"]})).status_code == 422
    assert entry["id"] not in (await stranger.get(EXPORT)).text


@pytest.fixture
async def lines(api: httpx.AsyncClient) -> list[dict[str, Any]]:
    await api.post("/api/v1/tags", json={"name": "=1+1"})
    await make_link(api)
    return [json.loads(line) for line in (await api.get(EXPORT)).text.splitlines()]


async def test_a_file_has_every_entry_the_oldest_first(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account, lines: list[dict[str, Any]]
) -> None:
    assert lines == (await logs(api))[::-1]
    await fill(engine, account.actor.workspace_id, 450)  # more than is read at once
    answer = await api.get(EXPORT)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-log.ndjson"'
    found = [json.loads(line)["id"] for line in answer.text.splitlines()]
    assert len(found) == len(set(found)) == 452
    filtered = await api.get(EXPORT, params={"resourceType": "tag"})
    assert len(filtered.text.splitlines()) == 1


async def test_a_csv_file_holds_no_formula(api: httpx.AsyncClient, lines: list[dict[str, Any]]) -> None:
    answer = await api.get(EXPORT, params={"format": "csv"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == [each["id"] for each in lines]
    assert rows[0]["resourceName"] == "'=1+1"
    assert json.loads(rows[1]["after"])["url"] == "https://example.com/"
    assert (await api.get(EXPORT, params={"format": "xls"})).status_code == 422


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_logs SET action = 'x'", "DELETE FROM audit_logs", "TRUNCATE audit_logs"]
)
async def test_the_database_itself_refuses_to_change_an_entry(
    api: httpx.AsyncClient, engine: AsyncEngine, statement: str
) -> None:
    await api.post("/api/v1/tags", json={"name": "kept"})
    async with engine.connect() as connection:
        with pytest.raises(sa.exc.DatabaseError, match="only grows"):
            await connection.execute(sa.text(statement))


async def test_entries_go_when_the_plan_says_so_and_not_before(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    old = sa.text(
        "INSERT INTO audit_logs (workspace_id, created_at, action, resource_type, resource_id, actor_type)"
        " VALUES (:workspace_id, now() - make_interval(days => 31), 'tag.create', 'tag', 'tag_1', 'system')"
    )
    async with engine.begin() as connection:
        await connection.execute(old, {"workspace_id": account.actor.workspace_id})
    await api.post("/api/v1/tags", json={"name": "new"})
    await retention.sweep(engine, {"pro": 1})
    assert len(await logs(api)) == 2
    assert await retention.sweep(engine, {"free": 30}) >= 1
    assert [each["resource"]["name"] for each in await logs(api)] == ["new"]


async def test_the_entries_of_a_workspace_outlive_it_for_a_while(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    await api.post("/api/v1/tags", json={"name": "gone with it"})
    assert (await api.delete(f"/api/v1/workspaces/{account.workspace_id}")).status_code == 204
    await retention.sweep(engine, {})
    mine = audit_logs.c.workspace_id == account.actor.workspace_id
    async with engine.begin() as connection:
        rows = (await connection.execute(sa.select(audit_logs.c.action).where(mine).order_by(audit_logs.c.id))).all()
        assert [row.action for row in rows] == ["tag.create", "workspace.delete"]
        await connection.execute(sa.text("ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_only_grows"))
        ago = sa.func.now() - sa.text("interval '91 days'")
        await connection.execute(sa.update(audit_logs).where(mine).values(created_at=ago))
        await connection.execute(sa.text("ALTER TABLE audit_logs ENABLE TRIGGER audit_logs_only_grows"))
    await retention.sweep(engine, {})
    async with engine.connect() as connection:
        assert (await connection.execute(sa.select(audit_logs.c.id).where(mine))).first() is None


async def test_a_hundred_links_are_noted_with_one_statement(
    api: httpx.AsyncClient, app: Starlette, account: Account
) -> None:
    statements: list[str] = []
    engine = app.state.engine.sync_engine

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "audit_logs" in statement:
            statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        made = await api.post("/api/v1/links/bulk", json=[{"url": f"https://example.com/{n}"} for n in range(100)])
        assert len(statements) == 1
        numbers = [each["id"] for each in made.json()]
        await api.patch("/api/v1/links/bulk", json={"linkIds": numbers, "data": {"archived": True}})
        assert len(statements) == 2
        await api.delete("/api/v1/links/bulk", params={"linkIds": ",".join(numbers)})
        assert len(statements) == 3
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert len((await api.get(EXPORT)).text.splitlines()) == 300


async def test_what_the_system_does_is_named_after_its_job(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    async with engine.begin() as connection:
        with trail.acting(Author(job="domains.recheck")):
            change = Change("domain.verify", "dom_1", "go.example.com", {"verified": True}, {"verified": False})
            await trail.record(connection, account.actor.workspace_id, change)
    (entry,) = await logs(api, actorType="system")
    assert entry["actor"] == {"type": "system", "id": None, "name": "domains.recheck", "userId": None, "email": None}


async def test_what_somebody_does_to_their_account_is_noted_in_each_of_their_workspaces(
    app: Starlette, engine: AsyncEngine
) -> None:
    async with make_client(app) as client:
        headers = bearer(await register(client))
        other = (await client.post("/api/v1/workspaces", json={"name": "Other"}, headers=headers)).json()
        body = {"currentPassword": PASSWORD, "password": "another horse battery"}
        assert (await client.post("/api/v1/me/password", json=body, headers=headers)).status_code == 204
        for workspace in ({}, {"X-Workspace-Id": other["id"]}):
            entries = (await client.get(LOGS, headers={**headers, **workspace})).json()
            assert entries[0]["action"] == "user.password_changed"
            assert entries[0]["before"] is None
            assert entries[0]["after"] is None


# What few entries have, and those the oldest: whoever looks for it among the newest reads the whole log.
RARE, OF_RARE = 30, {"action": "domain.update", "resourceType": "domain", "actorType": "system"}


async def fill_large(engine: AsyncEngine, account: Account, count: int) -> dict[str, str]:
    """A log that has all but the rare entries of one kind; gives the filters that find the rare ones."""
    fill = sa.text(
        "INSERT INTO audit_logs"
        " (workspace_id, created_at, action, resource_type, resource_id, actor_type, user_id, api_key_id)"
        " SELECT :workspace_id, now() - make_interval(secs => n), one.kind || '.update', one.kind, one.kind || '_7',"
        " CASE WHEN rare THEN 'system' ELSE 'user' END, CASE WHEN rare THEN 7 ELSE 8 END, CASE WHEN rare THEN 9 END"
        " FROM generate_series(1, :count) AS n, LATERAL (SELECT n > :count - :rare AS rare,"
        " CASE WHEN n > :count - :rare THEN 'domain' ELSE 'link' END AS kind) AS one"
    )
    async with engine.begin() as connection:
        values = {"workspace_id": account.actor.workspace_id, "count": count, "rare": RARE}
        await connection.execute(fill, values)
        await connection.execute(sa.text("ANALYZE audit_logs"))
    return {**OF_RARE, "resourceId": "domain_7"}


async def test_a_page_by_any_filter_reads_no_more_of_a_large_log_than_it_shows(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account
) -> None:
    rare = await fill_large(engine, account, 50_000)
    questions = [{name: value} for name, value in rare.items()] + [rare]
    questions += [{"actorId": ids.public(ids.USER, 7)}, {"actorId": ids.public(ids.API_KEY, 9)}]
    plans = Plans(engine, "audit_logs")
    last = (await logs(api, pageSize=20))[-1]
    for query in questions:
        assert len(await logs(api, **query)) == RARE
        page = await logs(api, pageSize=20, **query)
        assert len(await logs(api, pageSize=20, startingAfter=page[-1]["id"], **query)) == RARE - 20
        await api.get(EXPORT, params=query)
        await at_most(RARE, plans, query)
    for query in ({}, {"startingAfter": last["id"]}, {"start": "2020-01-01T00:00:00Z"}, {"actorType": "user"}):
        assert len(await logs(api, pageSize=20, **query)) == 20
        await at_most(21, plans, query)


async def at_most(most: int, plans: Plans, query: dict[str, str]) -> None:
    """Fail where one of the statements that were just run read more entries than this."""
    for plan in await plans.run():
        assert plan.rows_read <= most, f"{query}: {plan.rows_read}\n{plan}"
