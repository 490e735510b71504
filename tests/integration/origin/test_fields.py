"""Fields of a link that say more than where it leads: kept, shown, and sent to the edge where it acts on them."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from origin import ids
from origin.links import passwords
from origin.storage.tables import links
from shared.kv_record import decode
from tests.integration.origin import outbox

URL = "https://example.com/"
LINKS = "/api/v1/links"
FIELDS: dict[str, Any] = {
    "tenantId": "t",
    "programId": "prog",
    "partnerId": "part",
    "trackConversion": True,
    "comments": "C",
    "expiresAt": "2031-02-03T04:05:06Z",
    "expiredUrl": URL + "expired",
    "disabledAt": "2020-01-01T00:00:00Z",
    "proxy": True,
    "title": "T",
    "description": "D",
    "image": URL + "i.png",
    "video": URL + "v.mp4",
    "rewrite": True,
    "doIndex": True,
    "publicStats": True,
    "ios": URL + "ios",
    "android": URL + "android",
    "geo": {"DE": URL + "de", "FR": URL + "fr"},
    "testVariants": [{"url": URL + "a", "percentage": 40}, {"url": URL + "b", "percentage": 60}],
    "testStartedAt": "2030-01-01T00:00:00Z",
    "testCompletedAt": "2030-02-01T00:00:00Z",
    "archived": True,
}
CLEARED = {name: False if value is True else None for name, value in FIELDS.items()}


def shown(link: dict[str, Any]) -> dict[str, Any]:
    return {name: link[name] for name in FIELDS}


async def test_all_fields_are_kept_shown_and_cleared(api: httpx.AsyncClient) -> None:
    made = (await api.post(LINKS, json={"url": URL, **FIELDS})).json()
    assert shown(made) == FIELDS
    assert shown((await api.get(f"{LINKS}/info", params={"linkId": made["id"]})).json()) == FIELDS
    cleared = (await api.patch(f"{LINKS}/{made['id']}", json=CLEARED)).json()
    assert shown(cleared) == CLEARED
    again = (await api.patch(f"{LINKS}/{made['id']}", json=FIELDS)).json()
    assert shown(again) == FIELDS


async def test_the_edge_is_told_when_a_link_ends(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    body = {"url": URL, "key": "ends", "expiresAt": "2031-01-01T01:00:00+01:00", "expiredUrl": URL + "over"}
    link = (await api.post(LINKS, json=body)).json()
    record = decode(str(await outbox.latest(engine, "localhost/ends")))
    assert record.options == {"expires_at": 1_924_992_000_000, "expired_url": URL + "over"}
    await api.patch(f"{LINKS}/{link['id']}", json={"expiresAt": None, "disabledAt": "2020-01-01T00:00:00"})
    record = decode(str(await outbox.latest(engine, "localhost/ends")))
    assert record.options == {"disabled": True}
    versions = len(await outbox.rows(engine, "localhost/ends"))
    await api.patch(f"{LINKS}/{link['id']}", json={"comments": "none of the edge's business"})
    assert len(await outbox.rows(engine, "localhost/ends")) == versions


async def verifier(engine: AsyncEngine, link: dict[str, Any]) -> str | None:
    select = sa.select(links.c.password_hash).where(links.c.id == ids.parse(ids.LINK, link["id"]))
    async with engine.connect() as connection:
        found: str | None = (await connection.execute(select)).scalar_one()
    return found


async def test_shares_with_decimals_may_add_up_to_100(api: httpx.AsyncClient) -> None:
    shares = (30.9, 33.3, 35.8)  # 99.99999999999999 as floats
    variants = [{"url": URL + str(share), "percentage": share} for share in shares]
    made = await api.post("/api/v1/links", json={"url": URL, "testVariants": variants})
    assert made.status_code == 200, made.text
    assert [each["percentage"] for each in made.json()["testVariants"]] == list(shares)


async def test_a_password_is_kept_as_a_verifier_and_never_shown(api: httpx.AsyncClient, engine: AsyncEngine) -> None:
    answer = await api.post(LINKS, json={"url": URL, "password": "s3cret-word"})
    link = answer.json()
    assert "s3cret-word" not in answer.text
    assert link["password"] == passwords.MASK
    kept = str(await verifier(engine, link))
    salt = passwords.salt_of(kept)
    assert passwords.derive("s3cret-word", salt) == kept
    assert passwords.derive("other", salt) != kept

    async def changed(**body: Any) -> str | None:
        return str((await api.patch(f"{LINKS}/{link['id']}", json=body)).json()["password"])

    assert await changed(title="x", password=passwords.MASK) == passwords.MASK
    assert await verifier(engine, link) == kept
    assert await changed(password="other") == passwords.MASK
    assert await verifier(engine, link) != kept
    assert await changed(password=None) == "None"
    assert await verifier(engine, link) is None


@pytest.mark.parametrize(
    ("field", "value", "names"),
    [
        ("expiresAt", "soon", "expiresAt"),
        ("expiresAt", "0001-01-01T00:00:00Z", "expiresAt"),
        ("disabledAt", "2999-01-01T00:00:00Z", "disabledAt"),
        ("expiredUrl", "javascript:alert(1)", "expiredUrl"),
        ("ios", "http://10.0.0.1/", "ios"),
        ("android", "http://localhost:8787/loop", "android"),
        ("geo", {"DE": "nope"}, "geo.DE"),
        ("geo", {"Germany": URL}, "geo"),
        ("testVariants", [{"url": URL, "percentage": 90}], "testVariants"),
        ("testVariants", [{"url": URL, "percentage": 40}, {"url": URL, "percentage": 50}], "testVariants"),
        ("testVariants", [{"url": URL, "percentage": 95}, {"url": URL, "percentage": 5}], "testVariants"),
        ("testVariants", [{"url": "x", "percentage": 50}, {"url": URL, "percentage": 50}], "testVariants[0].url"),
        ("webhookIds", ["wh_1"], "webhookIds: there is no webhook 'wh_1' in this workspace"),
        ("password", "x" * 129, "password"),
        ("tagIds", [f"tag_{n}" for n in range(51)], "tagIds"),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(api: httpx.AsyncClient, field: str, value: Any, names: str) -> None:
    link = (await api.post(LINKS, json={"url": URL})).json()
    for answer in (
        await api.post(LINKS, json={"url": URL, field: value}),
        await api.patch(f"{LINKS}/{link['id']}", json={field: value}),
    ):
        assert answer.status_code == 422
        assert answer.json()["error"]["message"].startswith(names), answer.text


async def test_no_webhooks_may_be_named_in_every_way(api: httpx.AsyncClient) -> None:
    ways: list[dict[str, Any]] = [{}, {"webhookIds": None}, {"webhookIds": []}]
    for number, nothing in enumerate(ways):
        made = await api.post(LINKS, json={"url": f"{URL}hook/{number}", **nothing})
        assert (made.status_code, made.json()["webhookIds"]) == (200, [])
        changed = await api.patch(f"{LINKS}/{made.json()['id']}", json={"title": "T", **nothing})
        assert (changed.status_code, changed.json()["webhookIds"]) == (200, [])
        upserted = await api.put(f"{LINKS}/upsert", json={"url": f"{URL}hook/{number}", **nothing})
        assert (upserted.json()["id"], upserted.json()["webhookIds"]) == (made.json()["id"], [])


async def test_a_webhook_that_there_is_not_is_named_like_a_tag(api: httpx.AsyncClient) -> None:
    unknown = {"url": f"{URL}hook", "webhookIds": ["wh_9"]}
    single = await api.post(LINKS, json=unknown)
    tag = await api.post(LINKS, json={"url": URL, "tagIds": ["tag_zzzz"]})
    assert (single.status_code, single.json()["error"]["code"]) == (tag.status_code, tag.json()["error"]["code"])
    assert (await api.put(f"{LINKS}/upsert", json=unknown)).json()["error"] == single.json()["error"]
    good, bad = (await api.post(f"{LINKS}/bulk", json=[{"url": f"{URL}good", "webhookIds": []}, unknown])).json()
    assert good["webhookIds"] == []
    assert bad["error"] == single.json()["error"]["message"]
    changed = await api.patch(f"{LINKS}/bulk", json={"linkIds": [good["id"]], "data": {"webhookIds": ["wh_9"]}})
    assert (changed.status_code, changed.json()["error"]) == (422, single.json()["error"])
