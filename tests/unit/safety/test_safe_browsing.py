"""The client against the fake that ships beside it, errors included."""

from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from origin.safety.safe_browsing import SafeBrowsing
from origin.safety.safe_browsing_fake import KEY, FakeSafeBrowsing
from origin.safety.web_address import WebAddress, read


def address(url: str) -> WebAddress:
    found = read(url)
    assert found is not None
    return found


@pytest.fixture
def fake() -> FakeSafeBrowsing:
    made = FakeSafeBrowsing()
    made.list("phish.example/login/")
    made.list("malware.example/", "MALWARE")
    made.list("test.example/", "MALWARE", "CANARY")
    made.list("new.example/", "A_THREAT_OF_NEXT_YEAR")
    return made


def client(fake: FakeSafeBrowsing, key: str = KEY) -> SafeBrowsing:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(fake.app), timeout=0.2)
    return SafeBrowsing("https://safebrowsing.test/", key, http)


def outcomes(outcome: str) -> float:
    return REGISTRY.get_sample_value("nearhop_safe_browsing_lookups_total", {"outcome": outcome}) or 0.0


async def test_an_address_is_found_by_the_domain_and_folder_that_are_listed(fake: FakeSafeBrowsing) -> None:
    google = client(fake)
    urls = {
        "https://phish.example/login/now?user=1": "phishing",
        "https://deep.down.malware.example/any": "malware",
        "https://phish.example/": None,
        "https://test.example/": None,
        "https://new.example/": None,
    }
    assert await google.look_up([address(url) for url in urls])
    assert {url: google.threat(address(url)) for url in urls} == urls


async def test_google_learns_four_bytes_of_each_hash_and_asks_no_second_time(fake: FakeSafeBrowsing) -> None:
    google = client(fake)
    for _ in range(3):
        assert await google.look_up([address("https://phish.example/login/")])
    assert fake.calls == 1
    assert {len(each) for each in fake.prefixes_asked} == {4}
    await google.look_up([address("https://phish.example/login/another")])
    assert fake.calls == 2
    assert len(fake.prefixes_asked) == len(set(fake.prefixes_asked))


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        ({"fail_with": 503}, "refused"),
        ({"fail_with": 429}, "limited"),
        ({"garbage": True}, "unreadable"),
        ({"key": "wrong"}, "refused"),
    ],
)
async def test_what_fails_is_counted_and_lets_addresses_through_for_a_while(
    fake: FakeSafeBrowsing, trouble: dict[str, Any], outcome: str
) -> None:
    google = client(fake, trouble.pop("key", KEY))
    for name, value in trouble.items():
        setattr(fake, name, value)
    before = outcomes(outcome)
    assert not await google.look_up([address("https://phish.example/login/")])
    assert not await google.look_up([address("https://malware.example/")])
    assert (outcomes(outcome) - before, fake.calls) == (1, 1), "nobody waits for the second"
    assert google.threat(address("https://malware.example/")) is None


async def test_one_that_hangs_is_given_up() -> None:
    class Hanging(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("hangs", request=request)

    google = SafeBrowsing("https://safebrowsing.test", KEY, httpx.AsyncClient(transport=Hanging()))
    before = outcomes("timeout")
    assert not await google.look_up([address("https://malware.example/")])
    assert outcomes("timeout") == before + 1


async def test_without_a_key_nothing_is_asked(fake: FakeSafeBrowsing) -> None:
    google = client(fake, key="")
    assert await google.look_up([address("https://malware.example/")])
    assert (google.threat(address("https://malware.example/")), fake.calls) == (None, 0)
