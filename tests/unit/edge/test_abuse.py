"""One address asks for codes that don't exist, by the thousand."""

from tests.unit.edge.conftest import World

ATTACKER = {"CF-Connecting-IP": "192.0.2.66"}
VISITOR = {"CF-Connecting-IP": "198.51.100.1"}


def origin_reads(world: World) -> int:
    return sum(call.method == "GET" for call in world.runtime.calls)


async def test_a_hundred_thousand_unknown_codes_in_a_minute_reach_origin_a_few_hundred_times() -> None:
    world = World(cache_entries=50)
    world.put("localhost/hot", "https://example.com/hot")
    await world.get("/hot", headers=VISITOR)
    refused, began = 0, world.runtime.clock
    for number in range(100_000):
        world.runtime.clock = began + number / 1_700
        refused += (await world.get(f"/guess{number}", headers=ATTACKER)).status == 429
    assert origin_reads(world) == 300
    assert refused == 100_000 - 300
    assert len(world.runtime.kv_reads) <= 3_100
    reads = world.runtime.kv_reads.count("localhost/hot")
    world.runtime.clock = began + 5  # within the time that /hot is fresh
    assert (await world.get("/hot", headers=VISITOR)).status == 302
    assert world.runtime.kv_reads.count("localhost/hot") == reads
    world.links["localhost/new"] = "1.1.1.1.https://example.com/"
    assert (await world.get("/new", headers=VISITOR)).status == 302  # others are not held up


async def test_an_address_over_its_limit_still_opens_what_exists() -> None:
    world = World(misses_per_minute=5)
    for number in range(10):
        await world.get(f"/guess{number}", headers=ATTACKER)
    world.put("localhost/cold", "https://example.com/")
    assert (await world.get("/cold", headers=ATTACKER)).status == 302
    stopped = await world.get("/guess11", headers=ATTACKER)
    assert (stopped.status, stopped.headers["Retry-After"]) == (429, "60")
    world.runtime.clock += 60
    assert (await world.get("/guess12", headers=ATTACKER)).status == 404


async def test_the_platforms_own_limit_counts_too(world: World) -> None:
    world.runtime.platform_allows = False
    assert (await world.get("/guess", headers=ATTACKER)).status == 429
    assert origin_reads(world) == 0
    world.put("localhost/abc", "https://example.com/")
    assert (await world.get("/abc", headers=ATTACKER)).status == 302


async def test_a_known_link_is_asked_for_again_whoever_visits(world: World) -> None:
    """A refresh on the request of somebody who guessed too much must not lose the link."""
    limited = World(misses_per_minute=1)
    limited.links["localhost/abc"] = "1.1.1.1.https://example.com/"
    await limited.get("/abc", headers=ATTACKER)
    for number in range(3):
        await limited.get(f"/guess{number}", headers=ATTACKER)
    limited.runtime.clock += 11
    assert (await limited.get("/abc", headers=ATTACKER)).status == 302
    await limited.runtime.run_deferred()
    assert (await limited.get("/abc", headers=ATTACKER)).status == 302
