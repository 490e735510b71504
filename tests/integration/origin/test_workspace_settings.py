"""What a workspace can set, and that two editors don't overwrite each other."""

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.factories import Account, new_account, new_domain


@pytest.fixture
def path(account: Account) -> str:
    return f"/api/v1/workspaces/{account.workspace_id}"


async def test_origins_are_kept_as_browsers_send_them(api: httpx.AsyncClient, path: str) -> None:
    given = [
        "https://App.Example.com/",
        "https://app.example.com:443",
        "http://localhost:3000",
        "https://bücher.example",
    ]
    changed = await api.patch(path, json={"allowedOrigins": given})
    expected = ["https://app.example.com", "http://localhost:3000", "https://xn--bcher-kva.example"]
    assert changed.json()["allowedOrigins"] == expected
    assert (await api.get(path)).json()["allowedOrigins"] == expected
    assert (await api.patch(path, json={"allowedOrigins": []})).json()["allowedOrigins"] == []


@pytest.mark.parametrize(
    "origin",
    ["*", "app.example.com", "https://app.example.com/path", "https://me:pw@app.example.com", "ftp://app.example.com",
     "https://", "https://a b.example", "null", "https://app.example.com:99999", "https://app.example.com?x"],
)  # fmt: skip
async def test_what_is_no_origin_is_refused_by_field(api: httpx.AsyncClient, path: str, origin: str) -> None:
    answer = await api.patch(path, json={"allowedOrigins": ["https://fine.example", origin]})
    assert answer.status_code == 422
    assert "allowedOrigins" in answer.json()["error"]["message"]


async def test_there_are_twenty_origins_at_most(api: httpx.AsyncClient, path: str) -> None:
    many = [f"https://{n}.example.com" for n in range(21)]
    assert (await api.patch(path, json={"allowedOrigins": many})).status_code == 422
    assert (await api.patch(path, json={"allowedOrigins": many[:20] * 2})).status_code == 200


async def test_of_two_editors_of_a_workspace_the_second_is_told(api: httpx.AsyncClient, path: str) -> None:
    read = (await api.get(path)).headers["ETag"]
    first = await api.patch(path, json={"name": "First"}, headers={"If-Match": read})
    assert first.status_code == 200
    assert first.headers["ETag"] != read
    second = await api.patch(path, json={"name": "Second"}, headers={"If-Match": read})
    assert second.status_code == 412
    assert (await api.get(path)).json()["name"] == "First"
    again = await api.patch(path, json={"name": "First"}, headers={"If-Match": first.headers["ETag"]})
    assert again.headers["ETag"] == first.headers["ETag"]  # nothing changed


async def test_new_links_get_what_the_workspace_says_and_what_they_say_themselves_wins(
    api: httpx.AsyncClient, path: str
) -> None:
    defaults = {
        "redirectStatus": 308,
        "forwardQuery": "append",
        "doIndex": True,
        "utm_source": "nearhop",
        "utm_medium": "l&nk",
    }
    changed = await api.patch(path, json={"linkDefaults": defaults})
    assert changed.json()["linkDefaults"] == defaults
    plain = (await api.post("/api/v1/links", json={"url": "https://example.com/?utm_medium=mail"})).json()
    assert plain["url"] == "https://example.com/?utm_medium=mail&utm_source=nearhop"
    assert plain["redirect"] == {"status": 308, "forwardQuery": "append"}
    assert plain["doIndex"] is True
    own = {"url": "https://example.com/", "utm_source": None, "doIndex": False, "redirect": {"status": 301}}
    link = (await api.post("/api/v1/links", json=own)).json()
    assert link["url"] == "https://example.com/?utm_medium=l%26nk"
    assert link["redirect"] == {"status": 301}
    assert link["doIndex"] is False
    many = (await api.post("/api/v1/links/bulk", json=[{"url": "https://example.com/"}, {"url": "nothing"}])).json()
    assert many[0]["utm_source"] == "nearhop"
    assert "error" in many[1]
    assert (await api.patch(path, json={"linkDefaults": None})).json()["linkDefaults"] == {}


async def test_an_upsert_finds_the_link_that_the_defaults_made_of_its_url(api: httpx.AsyncClient, path: str) -> None:
    await api.patch(path, json={"linkDefaults": {"utm_source": "nearhop"}})
    first = (await api.put("/api/v1/links/upsert", json={"url": "https://example.com/same"})).json()
    second = (await api.put("/api/v1/links/upsert", json={"url": "https://example.com/same", "title": "New"})).json()
    assert second["id"] == first["id"]
    assert second["url"] == first["url"] == "https://example.com/same?utm_source=nearhop"
    assert second["title"] == "New"


async def test_the_default_domain_is_one_of_the_workspaces_own(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account, path: str
) -> None:
    mine = await new_domain(engine, account.actor.workspace_id)
    theirs = await new_domain(engine, (await new_account(engine)).actor.workspace_id)
    for other in (theirs, "localhost", "nobody.example.org"):
        refused = await api.patch(path, json={"defaultDomain": other, "name": "Not done"})
        assert refused.status_code == 422
        assert refused.json()["error"]["message"].startswith("defaultDomain")
    assert (await api.get(path)).json()["name"] == "Test"
    assert (await api.patch(path, json={"defaultDomain": mine.upper()})).json()["defaultDomain"] == mine
    assert (await api.post("/api/v1/links", json={"url": "https://example.com/"})).json()["domain"] == mine
    assert (await api.patch(path, json={"defaultDomain": None})).json()["defaultDomain"] is None
    assert (await api.post("/api/v1/links", json={"url": "https://example.com/"})).json()["domain"] == "localhost"


@pytest.mark.parametrize(
    "defaults",
    [{"redirectStatus": 200}, {"forwardQuery": "no"}, {"utm_source": ""}, {"unknown": 1}, {"doIndex": "yes"}],
)
async def test_a_default_that_no_link_could_have_is_refused(
    api: httpx.AsyncClient, path: str, defaults: dict[str, object]
) -> None:
    answer = await api.patch(path, json={"linkDefaults": defaults})
    assert answer.status_code == 422
    assert "linkDefaults" in answer.json()["error"]["message"]
