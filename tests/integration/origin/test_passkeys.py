"""Passkeys, asked for and checked by origin: what a browser answers is believed once, for one person and one purpose."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pyotp
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.storage.tables import auth_steps
from tests.authenticator import PRESENT, Authenticator
from tests.letters import PASSWORD, Postbox, bearer, new_email, noted, register, run_jobs
from tests.origin_app import DASHBOARD_URL, make_client

AUTH = "/api/v1/auth"
ME = "/api/v1/me"
KEYS = f"{ME}/passkeys"


def authenticator() -> Authenticator:
    return Authenticator(DASHBOARD_URL, "localhost")


@dataclass
class Person:
    """Somebody with an account and a device."""

    http: httpx.AsyncClient
    email: str
    headers: dict[str, str]
    device: Authenticator = field(default_factory=authenticator)

    async def ask(self, **proof: str) -> httpx.Response:
        body = proof or {"password": PASSWORD}
        return await self.http.post(f"{KEYS}/options", json=body, headers=self.headers)

    async def add(self, credential: dict[str, Any] | None = None, name: str = "Phone") -> httpx.Response:
        made = credential or self.device.make((await self.ask()).json())
        return await self.http.post(KEYS, json={"credential": made, "name": name}, headers=self.headers)

    async def options(self, token: str = "") -> dict[str, Any]:
        answer = await self.http.post(f"{AUTH}/passkey/options", json={"token": token})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def log_in(self, credential: dict[str, Any] | None = None, token: str = "") -> httpx.Response:
        used = credential or self.device.use(await self.options(token))
        return await self.http.post(f"{AUTH}/passkey", json={"credential": used, "token": token})


async def newcomer(http: httpx.AsyncClient) -> Person:
    email = new_email()
    return Person(http, email, bearer(await register(http, email)))


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app, base_url="http://localhost") as client:
        yield client


@pytest.fixture
async def person(browser: httpx.AsyncClient) -> Person:
    """Somebody with a passkey."""
    made = await newcomer(browser)
    assert (await made.add()).status_code == 201
    return made


async def test_a_passkey_lets_in_without_address_or_password(person: Person) -> None:
    options = await person.options()
    assert options["publicKey"]["allowCredentials"] == [], "whom it belongs to is not asked"
    assert options["publicKey"]["userVerification"] == "required"
    answer = await person.log_in(person.device.use(options))
    assert answer.status_code == 200
    assert (await person.http.get(ME, headers=bearer(answer))).json()["user"]["email"] == person.email
    (listed,) = (await person.http.get(KEYS, headers=person.headers)).json()
    assert (listed["name"], listed["lastUsedAt"] is not None) == ("Phone", True)


async def test_adding_one_takes_the_password_and_tells_the_owner(
    browser: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    person = await newcomer(browser)
    assert (await person.ask(password="not the password")).status_code == 403
    options = (await person.ask()).json()["publicKey"]
    assert options["rp"] == {"name": "Nearhop", "id": "localhost"}
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert (await person.add()).status_code == 201
    postbox = Postbox()
    await run_jobs(engine, postbox)
    assert "A passkey was added" in [each.subject for each in postbox.letters if each.to == person.email]


async def test_a_device_is_not_added_twice(person: Person, app: Starlette) -> None:
    options = (await person.ask()).json()
    assert [each["type"] for each in options["publicKey"]["excludeCredentials"]] == ["public-key"]
    assert (await person.add(person.device.make(options))).status_code == 409
    async with make_client(app, base_url="http://localhost") as http:
        other = await newcomer(http)
        other.device = person.device  # whose id is taken, by somebody else at that
        assert (await other.add()).status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://evil.example"}, {"domain": "evil.example"}, {"flags": PRESENT}, {"flags": 0}],
    ids=["another site", "another domain", "a person unknown", "nobody there"],
)
async def test_a_new_passkey_of_the_wrong_kind_is_refused(browser: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    person = await newcomer(browser)
    for name, value in wrong.items():
        setattr(person.device, name, value)
    refused = await person.add()
    assert refused.status_code == 422
    assert "credential: " in refused.json()["error"]["message"]
    assert (await person.http.get(KEYS, headers=person.headers)).json() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8002"},
        {"domain": "evil.example"},
        {"flags": PRESENT},
        {"flags": 0},
        {"handle": b"user_of_somebody_else"},
        {"raw_id": b"never seen before"},
        {"key": Authenticator("", "").key},
    ],
    ids=[
        "another site",
        "another port",
        "another domain",
        "a person unknown",
        "nobody there",
        "another's",
        "unknown",
        "forged",
    ],
)
async def test_whoever_answers_wrongly_is_not_let_in_and_not_told_why(person: Person, wrong: dict[str, Any]) -> None:
    for name, value in wrong.items():
        setattr(person.device, name, value)
    refused = await person.log_in()
    assert refused.status_code == 401
    assert refused.json()["error"]["message"].startswith("This passkey opens no account here")


async def test_a_challenge_is_good_once_also_when_the_answer_was_wrong(person: Person) -> None:
    options = await person.options()
    used = person.device.use(options)
    answers = await asyncio.gather(*(person.log_in(used) for _ in range(4)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 422: 3}
    options = await person.options()
    person.device.origin = "https://evil.example"
    assert (await person.log_in(person.device.use(options))).status_code == 401
    person.device.origin = DASHBOARD_URL
    assert (await person.log_in(person.device.use(options))).status_code == 422


async def test_a_challenge_ends_by_itself_and_is_kept_as_a_hash(person: Person, engine: AsyncEngine) -> None:
    options = await person.options()
    async with engine.begin() as connection:
        assert options["publicKey"]["challenge"] not in str((await connection.execute(sa.select(auth_steps))).all())
        past = sa.func.now() - sa.text("interval '1 second'")
        await connection.execute(sa.update(auth_steps).values(expires_at=past))
    assert (await person.log_in(person.device.use(options))).status_code == 422


async def test_a_challenge_of_ones_own_making_is_none(person: Person) -> None:
    options = await person.options()
    options["publicKey"]["challenge"] = "A" * 43
    assert (await person.log_in(person.device.use(options))).status_code == 422


async def test_a_challenge_for_one_thing_is_none_for_another(person: Person) -> None:
    to_add = (await person.ask()).json()
    assert (await person.log_in(person.device.use(to_add))).status_code == 422
    to_log_in = await person.options()
    made = authenticator().make({"publicKey": {**to_log_in["publicKey"], "user": {"id": "AAAA"}}})
    assert (await person.add(made)).status_code == 422


async def test_a_passkey_is_added_by_who_asked_for_it(person: Person, app: Starlette) -> None:
    async with make_client(app, base_url="http://localhost") as http:
        other = await newcomer(http)
        made = authenticator().make((await person.ask()).json())
        assert (await other.add(made)).status_code == 422
        assert (await other.http.get(KEYS, headers=other.headers)).json() == []


async def test_one_whose_counter_goes_back_is_refused_and_its_owner_is_told(
    person: Person, engine: AsyncEngine
) -> None:
    person.device.count = 100
    assert (await person.log_in()).status_code == 200
    person.device.count = 41  # a copy, which was not used as often
    refused = await person.log_in()
    assert refused.status_code == 401
    assert "used by somebody else" in refused.json()["error"]["message"]
    postbox = Postbox()
    await run_jobs(engine, postbox)
    assert "Somebody may have a copy of your passkey" in [each.subject for each in postbox.letters]
    person.device.count = 101
    assert (await person.log_in()).status_code == 200


async def test_one_that_does_not_count_is_as_good(person: Person) -> None:
    for _ in range(2):
        person.device.count = -1  # it says 0 each time
        assert (await person.log_in()).status_code == 200


async def second_factor_on(person: Person) -> tuple[str, list[str]]:
    """The secret and the recovery codes."""
    factor = f"{ME}/second-factor"
    made = (await person.http.post(factor, json={"password": PASSWORD}, headers=person.headers)).json()
    code = pyotp.TOTP(made["secret"]).now()
    answer = await person.http.post(f"{factor}/confirm", json={"code": code}, headers=person.headers)
    return made["secret"], list(answer.json()["recoveryCodes"])


async def first_step(person: Person) -> dict[str, Any]:
    body = {"email": person.email, "password": PASSWORD}
    return dict((await person.http.post(f"{AUTH}/login", json=body)).json()["secondFactor"])


async def test_it_is_shown_as_the_second_factor(person: Person) -> None:
    await second_factor_on(person)
    step = await first_step(person)
    assert "passkey" in step["methods"]
    options = await person.options(step["token"])
    assert len(options["publicKey"]["allowCredentials"]) == 1
    person.device.flags = PRESENT  # the password was the other factor
    used = person.device.use(options)
    assert (await person.log_in(used, step["token"])).status_code == 200
    again = await person.http.post(f"{AUTH}/passkey/options", json={"token": step["token"]})
    assert again.status_code == 422, "the first step is spent"


async def test_a_challenge_for_the_second_factor_is_none_for_logging_in_alone(person: Person) -> None:
    await second_factor_on(person)
    token = (await first_step(person))["token"]
    person.device.flags = PRESENT
    assert (await person.log_in(person.device.use(await person.options(token)))).status_code == 422
    assert (await person.log_in(person.device.use(await person.options()), token)).status_code == 422


async def test_anothers_passkey_is_no_second_factor(person: Person, app: Starlette) -> None:
    await second_factor_on(person)
    async with make_client(app, base_url="http://localhost") as http:
        other = await newcomer(http)
        await other.add()
        token = (await first_step(person))["token"]
        used = other.device.use(await person.options(token))
        assert (await person.log_in(used, token)).status_code == 401


async def test_with_a_second_factor_adding_one_takes_a_code_too(person: Person) -> None:
    _, codes = await second_factor_on(person)
    assert (await person.ask(password=PASSWORD)).status_code == 403
    assert (await person.ask(password=PASSWORD, code="000000")).status_code == 403
    assert (await person.ask(password=PASSWORD, code=codes[0])).status_code == 200


async def test_it_is_renamed_and_deleted_by_its_owner_alone(
    person: Person, app: Starlette, engine: AsyncEngine
) -> None:
    (listed,) = (await person.http.get(KEYS, headers=person.headers)).json()
    path = f"{KEYS}/{listed['id']}"
    async with make_client(app, base_url="http://localhost") as http:
        other = await newcomer(http)
        assert (await http.patch(path, json={"name": "Mine"}, headers=other.headers)).status_code == 404
        gone = await http.request("DELETE", path, json={"password": PASSWORD}, headers=other.headers)
        assert gone.status_code == 404
    assert (await person.http.patch(path, json={"name": "Key"}, headers=person.headers)).json()["name"] == "Key"
    assert (await person.http.patch(path, json={"name": ""}, headers=person.headers)).status_code == 422
    for password, status in (("not the password", 403), (PASSWORD, 204), (PASSWORD, 404)):
        answer = await person.http.request("DELETE", path, json={"password": password}, headers=person.headers)
        assert answer.status_code == status
    assert (await person.log_in()).status_code == 401
    assert (await noted(person.http, person.headers))[:2] == ["user.passkey_deleted", "user.passkey_added"]
    postbox = Postbox()
    await run_jobs(engine, postbox)
    assert "A passkey was deleted" in [each.subject for each in postbox.letters]


@pytest.mark.parametrize("garbage", ["", "AAAA", "!!!", "oWNmbXRkbm9uZQ", "e30"])
async def test_garbage_is_refused_not_tripped_over(person: Person, garbage: str) -> None:
    made = authenticator().make((await person.ask()).json())
    made["response"]["attestationObject"] = garbage
    assert (await person.add(made)).status_code == 422
    used = person.device.use(await person.options())
    for name in ("authenticatorData", "signature"):
        used = person.device.use(await person.options())
        used["response"][name] = garbage
        assert (await person.log_in(used)).status_code == 401
    used["response"]["clientDataJSON"] = garbage
    assert (await person.log_in(used)).status_code == 422
