"""API keys: made, shown once, deleted."""

from dashboard.origin_fake import FakeOrigin
from tests.unit.dashboard.conftest import Reader


async def test_a_new_key_is_shown_once(origin: FakeOrigin, reader: Reader) -> None:
    answer = await reader.send("/api-keys", {"name": "Script"})
    (key,) = origin.keys.values()
    assert key["key"] in answer.text
    assert answer.headers["cache-control"] == "no-store"
    later = (await reader.get("/api-keys")).text
    assert key["key"] not in later
    assert key["hint"] in later


async def test_a_key_is_in_no_cookie(origin: FakeOrigin, reader: Reader) -> None:
    answer = await reader.send("/api-keys", {"name": "Script"})
    (key,) = origin.keys.values()
    assert key["key"] not in str(answer.headers)


async def test_a_key_needs_a_name(origin: FakeOrigin, reader: Reader) -> None:
    answer = await reader.send("/api-keys", {"name": " "})
    assert 'id="name-error"' in answer.text
    assert not origin.keys


async def test_what_origin_refuses_is_said_at_the_field(reader: Reader) -> None:
    await reader.send("/api-keys", {"name": "Script"})
    answer = await reader.send("/api-keys", {"name": "Script"})
    assert answer.status_code == 409
    assert "There is a key of this name already." in answer.text.split('id="name-error"')[1]


async def test_deleting_a_key_asks_first(origin: FakeOrigin, reader: Reader) -> None:
    await reader.send("/api-keys", {"name": "Script"})
    (key_id,) = origin.keys
    page = f"/api-keys/{key_id}/delete"
    assert "Scripts that use it stop working at once" in (await reader.get(page)).text
    assert origin.keys
    await reader.send(page, {})
    assert not origin.keys
    assert (await reader.get(page)).headers["location"] == "/api-keys"
