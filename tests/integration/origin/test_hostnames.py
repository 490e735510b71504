"""Domains as Cloudflare's custom hostnames: made when a domain is proved, shown with what is missing, given up with it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.hostnames.cloudflare_api import CustomHostnames
from origin.hostnames.cloudflare_fake import FakeZone
from origin.hostnames.tasks import SYNC, HostnameTasks, hostnames_of
from origin.jobs.worker import TryLater
from origin.settings import OriginSettings
from shared.errors import BadSetting
from tests.factories import Account
from tests.integration.origin.dns_server import DnsServer, serving
from tests.integration.origin.test_domains import DOMAINS, added, new_slug, prove
from tests.origin_app import make_app, make_client


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with serving() as server:
        yield server


@pytest.fixture
async def app(engine: AsyncEngine, dns: DnsServer) -> Starlette:
    return make_app(engine, dns_servers=[dns.address], hostnames=True)


@pytest.fixture
def zone() -> FakeZone:
    return FakeZone()


def tasks_on(engine: AsyncEngine, zone: FakeZone, token: str = "fake") -> HostnameTasks:
    transport = httpx.ASGITransport(zone.app())
    return HostnameTasks(engine, CustomHostnames("http://cf.test/client/v4", "zone", token, transport=transport))


async def queued(engine: AsyncEngine, slug: str) -> int:
    """How many jobs for this name there are, which are then gone."""
    async with engine.begin() as connection:
        taken = sa.text("DELETE FROM procrastinate_jobs WHERE task_name = :task AND args ->> 'slug' = :slug")
        return int((await connection.execute(taken, {"task": SYNC, "slug": slug})).rowcount)


async def state(api: httpx.AsyncClient, slug: str) -> Any:
    return (await api.get(DOMAINS, params={"search": slug})).json()[0]["edgeHostname"]


async def proved(api: httpx.AsyncClient, account: Account, dns: DnsServer) -> str:
    slug = new_slug()
    await added(api, slug)
    prove(dns, account, slug)
    await api.post(f"{DOMAINS}/{slug}/verify")
    return slug


async def test_a_proved_domain_becomes_a_hostname_that_is_active_once_its_certificate_is(
    api: httpx.AsyncClient, account: Account, dns: DnsServer, engine: AsyncEngine, zone: FakeZone
) -> None:
    slug = new_slug()
    await added(api, slug)
    assert await queued(engine, slug) == 0
    prove(dns, account, slug)
    await api.post(f"{DOMAINS}/{slug}/verify")
    assert await queued(engine, slug) == 1
    tasks = tasks_on(engine, zone)
    with pytest.raises(TryLater, match="does not CNAME"):
        await tasks.sync(slug)
    assert await state(api, slug) == {"status": "pending", "detail": "custom hostname does not CNAME to this zone."}
    zone.named(slug)["status"] = "active"  # the name is, its certificate is not
    zone.named(slug)["verification_errors"] = []
    with pytest.raises(TryLater, match="certificate pending_validation"):
        await tasks.sync(slug)
    zone.activate(slug)
    await tasks.sync(slug)
    assert await state(api, slug) == {"status": "active", "detail": None}
    await api.post(f"{DOMAINS}/{slug}/verify")
    assert await queued(engine, slug) == 0, "what is active is left alone"


async def test_a_domain_that_is_given_up_is_no_hostname_any_more(
    api: httpx.AsyncClient, account: Account, dns: DnsServer, engine: AsyncEngine, zone: FakeZone
) -> None:
    slug = await proved(api, account, dns)
    tasks = tasks_on(engine, zone)
    with pytest.raises(TryLater):
        await tasks.sync(slug)
    await queued(engine, slug)
    await api.delete(f"{DOMAINS}/{slug}")
    assert await queued(engine, slug) == 1
    await tasks.sync(slug)
    assert zone.hostnames == {}
    await tasks.sync(slug)  # done already, and done again without harm


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_cloudflare_that_fails_is_asked_again_later(
    api: httpx.AsyncClient, account: Account, dns: DnsServer, engine: AsyncEngine, zone: FakeZone, status: int
) -> None:
    slug = await proved(api, account, dns)
    zone.faults.append(status)
    with pytest.raises(TryLater, match=str(status)):
        await tasks_on(engine, zone).sync(slug)
    assert await state(api, slug) is None
    nobody = HostnameTasks(engine, CustomHostnames("http://127.0.0.1:9/client/v4", "zone", "fake"))
    with pytest.raises(TryLater, match="does not answer"):
        await nobody.sync(slug)


async def test_a_refusal_is_shown_and_not_repeated(
    api: httpx.AsyncClient, account: Account, dns: DnsServer, engine: AsyncEngine, zone: FakeZone
) -> None:
    slug = await proved(api, account, dns)
    zone.quota = 0
    await tasks_on(engine, zone).sync(slug)
    assert await state(api, slug) == {"status": "failed", "detail": "Custom hostname quota has been reached."}
    await tasks_on(engine, zone, token="wrong").sync(slug)
    assert await state(api, slug) == {"status": "failed", "detail": "Authentication error"}
    zone.quota = 1
    await queued(engine, slug)
    await api.post(f"{DOMAINS}/{slug}/verify")
    assert await queued(engine, slug) == 1, "verifying tries again"
    with pytest.raises(TryLater):
        await tasks_on(engine, zone).sync(slug)
    zone.block(slug)
    await tasks_on(engine, zone).sync(slug)
    assert (await state(api, slug))["status"] == "failed"


async def test_two_workers_make_one_hostname(
    api: httpx.AsyncClient, account: Account, dns: DnsServer, engine: AsyncEngine, zone: FakeZone
) -> None:
    slug = await proved(api, account, dns)
    both = await asyncio.gather(*(tasks_on(engine, zone).sync(slug) for _ in range(2)), return_exceptions=True)
    assert [type(each) for each in both] == [TryLater, TryLater]
    assert len(zone.hostnames) == 1


async def test_without_a_zone_nothing_is_queued_and_nothing_is_done(
    engine: AsyncEngine, account: Account, dns: DnsServer
) -> None:

    async with make_client(make_app(engine, dns_servers=[dns.address]), account.api_key) as api:
        slug = await proved(api, account, dns)
        assert await queued(engine, slug) == 0
        assert await state(api, slug) is None
    await HostnameTasks(engine, hostnames_of(OriginSettings())).sync(slug)


def test_a_zone_needs_a_token() -> None:
    with pytest.raises(BadSetting, match="NEARHOP_CLOUDFLARE_API_TOKEN"):
        hostnames_of(OriginSettings(cloudflare_zone_id="zone"))
