"""What a workspace can set, and that two editors don't overwrite each other."""

import httpx
import pytest

from tests.factories import Account


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
