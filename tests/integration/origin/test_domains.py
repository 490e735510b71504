"""Domains: whose they are, and what the edge is told of them."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.domains.dns import DomainDns
from origin.domains.ownership import Ownership
from origin.domains.recheck import recheck
from origin.storage.tables import domains
from shared.kv_record import decode
from tests.factories import Account, new_account
from tests.integration.origin import outbox
from tests.integration.origin.dns_server import DnsServer, serving
from tests.origin_app import EDGE_HOST, SECRET_KEY, make_app, make_client

URL = "https://example.com/"
DOMAINS, LINKS = "/api/v1/domains", "/api/v1/links"


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with serving() as server:
        yield server


@pytest.fixture
async def app(engine: AsyncEngine, dns: DnsServer) -> Starlette:
    return make_app(engine, dns_servers=[dns.address])


def new_slug() -> str:
    return f"{secrets.token_hex(5)}.example.org"


def prove(dns: DnsServer, account: Account, slug: str) -> None:
    """Set the TXT record that the workspace is told to set."""
    proof = DomainDns(SECRET_KEY, EDGE_HOST).proof(account.actor.workspace_id, slug)
    dns.records[proof.txt_name, "TXT"] = ['"v=spf1 -all"', f'"{proof.txt_value}"']


async def added(api: httpx.AsyncClient, slug: str, **body: Any) -> dict[str, Any]:
    answer = await api.post(DOMAINS, json={"slug": slug, **body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_domain_is_proved_by_txt_and_led_to_the_edge_by_cname(
    api: httpx.AsyncClient, account: Account, dns: DnsServer
) -> None:
    slug = new_slug()
    domain = await added(api, slug.upper() + ".")
    assert (domain["slug"], domain["verified"], domain["configured"]) == (slug, False, False)
    refused = await api.post(LINKS, json={"url": URL, "domain": slug})
    assert (refused.status_code, "verify" in refused.json()["error"]["message"]) == (422, True)
    looked = (await api.post(f"{DOMAINS}/{slug}/verify")).json()
    assert [(each["type"], each["found"]) for each in looked["records"]] == [("TXT", False), ("CNAME", False)]
    txt, cname = looked["records"]
    dns.records[txt["name"], "TXT"] = [f'"{txt["value"]}"']
    looked = (await api.post(f"{DOMAINS}/{slug}/verify")).json()
    assert (looked["verified"], looked["configured"], looked["detail"] != "") == (True, False, True)
    dns.records[cname["name"], "CNAME"] = [cname["value"] + "."]
    looked = (await api.post(f"{DOMAINS}/{slug}/verify")).json()
    assert (looked["verified"], looked["configured"], looked["detail"]) == (True, True, "")
    link = (await api.post(LINKS, json={"url": URL, "domain": slug, "key": "a"})).json()
    assert link["shortLink"] == f"https://{slug}/a"
    assert (await api.delete(f"{DOMAINS}/{slug}")).status_code == 409
    await api.delete(f"{LINKS}/{link['id']}")
    assert (await api.delete(f"{DOMAINS}/{slug}")).json() == {"slug": slug}
    assert (await api.delete(f"{DOMAINS}/{slug}")).status_code == 404


async def test_silence_of_the_name_servers_changes_nothing(
    api: httpx.AsyncClient, account: Account, dns: DnsServer
) -> None:
    slug = new_slug()
    await added(api, slug)
    prove(dns, account, slug)
    assert (await api.post(f"{DOMAINS}/{slug}/verify")).json()["verified"]
    dns.silent = True
    looked = (await api.post(f"{DOMAINS}/{slug}/verify")).json()
    assert (looked["verified"], "did not answer" in looked["detail"]) == (True, True)


async def test_a_domain_without_its_records_is_found_out_by_the_recheck(
    api: httpx.AsyncClient, account: Account, dns: DnsServer, engine: AsyncEngine
) -> None:
    slug = new_slug()
    await added(api, slug)
    prove(dns, account, slug)
    await api.post(f"{DOMAINS}/{slug}/verify")
    ownership = Ownership(DomainDns(SECRET_KEY, EDGE_HOST, [dns.address]), allow_private=False)
    await recheck(engine, ownership)
    assert (await api.get(DOMAINS)).json()[0]["verified"]
    dns.records.clear()
    async with engine.begin() as connection:
        old = sa.text("now() - interval '25 hours'")
        await connection.execute(sa.update(domains).where(domains.c.slug == slug).values(checked_at=old))
    assert await recheck(engine, ownership) >= 1
    assert not (await api.get(DOMAINS)).json()[0]["verified"]
    assert (await api.post(LINKS, json={"url": URL, "domain": slug})).status_code == 422


async def test_of_many_workspaces_that_add_a_domain_at_once_one_gets_it(app: Starlette, engine: AsyncEngine) -> None:
    slug = new_slug()
    accounts = [await new_account(engine) for _ in range(8)]
    clients = [make_client(app, each.api_key) for each in accounts]
    answers = await asyncio.gather(*(client.post(DOMAINS, json={"slug": slug}) for client in clients))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    for client in clients:
        await client.aclose()


async def test_whoever_proves_a_domain_gets_it_from_one_who_has_not(
    api: httpx.AsyncClient, account: Account, app: Starlette, engine: AsyncEngine, dns: DnsServer
) -> None:
    slug = new_slug()
    squatters = [await new_account(engine), await new_account(engine)]
    async with make_client(app, squatters[0].api_key) as squatter, make_client(app, squatters[1].api_key) as other:
        await added(squatter, slug)
        refused = await api.post(DOMAINS, json={"slug": slug})
        assert (refused.status_code, "TXT record" in refused.json()["error"]["message"]) == (409, True)
        prove(dns, account, slug)
        taken = await asyncio.gather(*(each.post(DOMAINS, json={"slug": slug}) for each in (api, other, squatter)))
        assert [answer.status_code for answer in taken] == [201, 409, 409]
        assert taken[0].json()["verified"]
        assert (await squatter.post(f"{DOMAINS}/{slug}/verify")).status_code == 404
        prove(dns, squatters[1], slug)
        assert (await other.post(DOMAINS, json={"slug": slug})).status_code == 409


async def test_settings_reach_the_edge_once_the_domain_is_proved(
    api: httpx.AsyncClient, account: Account, dns: DnsServer, engine: AsyncEngine
) -> None:
    slug = new_slug()
    body = {
        "rootUrl": URL + "root", "notFoundUrl": URL + "404", "expiredUrl": URL + "410", "favicon": URL + "f.ico",
        "robots": "User-agent: *", "ignoreCase": True, "assetLinks": '[{"relation": []}]',
        "appleAppSiteAssociation": '{"applinks": {}}', "placeholder": "https://", "logo": URL + "l.png",
    }  # fmt: skip
    domain = await added(api, slug, **body)
    assert {name: domain[name] for name in body} == body
    assert await outbox.latest(engine, f"{slug}/") is None
    prove(dns, account, slug)
    await api.post(f"{DOMAINS}/{slug}/verify")
    record = decode(str(await outbox.latest(engine, f"{slug}/")))
    assert (record.url, record.options) == (
        URL + "root",
        {
            "not_found_url": URL + "404", "expired_url": URL + "410", "favicon": URL + "f.ico", "ignore_case": True,
            "robots": "User-agent: *", "assetlinks": [{"relation": []}],
            "apple_app_site_association": {"applinks": {}},
        },
    )  # fmt: skip
    lag = (await api.get(f"{DOMAINS}/{slug}/edge")).json()
    assert (lag["slug"], lag["pending"], lag["since"] is not None) == (slug, 1, True)
    await api.patch(f"{DOMAINS}/{slug}", json=dict.fromkeys([*body], None) | {"ignoreCase": False})
    assert await outbox.latest(engine, f"{slug}/") is None


async def test_codes_on_a_domain_that_ignores_case_are_stored_in_lower_case(
    api: httpx.AsyncClient, account: Account, dns: DnsServer
) -> None:
    slug = new_slug()
    await added(api, slug, ignoreCase=True)
    prove(dns, account, slug)
    await api.post(f"{DOMAINS}/{slug}/verify")
    link = (await api.post(LINKS, json={"url": URL, "domain": slug, "key": "Spring-SALE"})).json()
    assert link["key"] == "spring-sale"
    assert (await api.post(LINKS, json={"url": URL, "domain": slug, "key": "SPRING-sale"})).status_code == 409
    found = await api.get(f"{LINKS}/info", params={"domain": slug, "key": "SPRING-SALE"})
    assert found.json()["id"] == link["id"]
    assert (await api.patch(f"{LINKS}/{link['id']}", json={"key": "WINTER"})).json()["key"] == "winter"
    made = (await api.post(f"{LINKS}/bulk", json=[{"url": URL, "domain": slug}] * 20)).json()
    assert all(each["key"] == each["key"].lower() for each in made)
    alias = (await api.post(f"{LINKS}/{link['id']}/aliases", json={"key": "Other"})).json()
    assert alias["key"] == "other"
    assert (await api.patch(f"{DOMAINS}/{slug}", json={"ignoreCase": False})).status_code == 409


async def test_one_domain_is_the_primary_one(api: httpx.AsyncClient, account: Account, dns: DnsServer) -> None:
    first, second = new_slug(), new_slug()
    for slug in (first, second):
        await added(api, slug, primary=True)
        prove(dns, account, slug)
        await api.post(f"{DOMAINS}/{slug}/verify")
    assert [(each["slug"], each["primary"]) for each in (await api.get(DOMAINS)).json()] == [
        (second, True),
        (first, False),
    ]
    assert (await api.post(LINKS, json={"url": URL})).json()["domain"] == second
    await api.patch(f"{DOMAINS}/{second}", json={"archived": True})
    assert (await api.post(LINKS, json={"url": URL})).json()["domain"] == "localhost"
    assert [each["slug"] for each in (await api.get(DOMAINS)).json()] == [first]
    assert [each["slug"] for each in (await api.get(DOMAINS, params={"archived": "true"})).json()] == [second]
    assert [each["slug"] for each in (await api.get(DOMAINS, params={"search": first[:6]})).json()] == [first]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"slug": "nodots"}, "slug"),
        ({"slug": "10.0.0.1"}, "slug"),
        ({"slug": "bad domain.example"}, "slug"),
        ({"slug": "-x.example"}, "slug"),
        ({"slug": "a.example/b"}, "slug"),
        ({"slug": "localhost"}, "slug"),
        ({"slug": "ok.example", "notFoundUrl": "javascript:x"}, "notFoundUrl"),
        ({"slug": "ok.example", "assetLinks": "{}"}, "assetLinks"),
        ({"slug": "ok.example", "assetLinks": "nope"}, "assetLinks"),
        ({"slug": "ok.example", "planet": "mars"}, "Object contains unknown field `planet`"),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(api: httpx.AsyncClient, body: dict[str, str], names: str) -> None:
    answer = await api.post(DOMAINS, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith(names)


async def test_a_strangers_domain_is_not_there(api: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    slug = new_slug()
    await added(api, slug)
    assert (await stranger.get(DOMAINS)).json() == []
    for answer in (
        await stranger.patch(f"{DOMAINS}/{slug}", json={"archived": True}),
        await stranger.delete(f"{DOMAINS}/{slug}"),
        await stranger.post(f"{DOMAINS}/{slug}/verify"),
        await stranger.get(f"{DOMAINS}/{slug}/edge"),
    ):
        assert answer.status_code == 404


async def test_nothing_is_sold_here(api: httpx.AsyncClient) -> None:
    found = (await api.get(f"{DOMAINS}/status", params={"domains": "a.example,b.example"})).json()
    assert [(each["domain"], each["available"]) for each in found] == [("a.example", False), ("b.example", False)]
    assert (await api.post(f"{DOMAINS}/register", json={"domain": "a.example"})).status_code == 403
