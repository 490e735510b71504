"""The second factor: switched on by a code, asked for at each log-in, each code good once, and nobody gets around it."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pyotp
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.accounts import second_factor_command
from origin.settings import OriginSettings
from origin.storage.tables import auth_steps, recovery_codes, throttles, totp_factors, users
from tests.letters import PASSWORD, Postbox, bearer, database_url, letter, new_email, noted, register, run_jobs
from tests.origin_app import make_app, make_client

AUTH = "/api/v1/auth"
FACTOR = "/api/v1/me/second-factor"
STEP_SECONDS = 30


@dataclass
class Clock:
    """Unix seconds that a test moves."""

    seconds: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(engine: AsyncEngine, clock: Clock) -> Starlette:
    return make_app(engine, clock=clock)


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app, base_url="http://localhost") as client:
        yield client


@dataclass
class Person:
    """Somebody with an account, and, once they have enrolled, an app on their phone."""

    http: httpx.AsyncClient
    email: str
    headers: dict[str, str]
    clock: Clock
    secret: str = ""
    codes: tuple[str, ...] = ()

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.clock.seconds, counter_offset=steps)

    async def enrol(self) -> httpx.Response:
        answer = await self.http.post(FACTOR, json={"password": PASSWORD}, headers=self.headers)
        self.secret = answer.json()["secret"]
        return answer

    async def switch_on(self) -> None:
        await self.enrol()
        answer = await self.http.post(f"{FACTOR}/confirm", json={"code": self.code()}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        self.codes = tuple(answer.json()["recoveryCodes"])
        self.clock.seconds += 2 * STEP_SECONDS

    async def first_step(self, password: str = PASSWORD) -> httpx.Response:
        return await self.http.post(f"{AUTH}/login", json={"email": self.email, "password": password})

    async def token(self) -> str:
        return str((await self.first_step()).json()["secondFactor"]["token"])

    async def second_step(self, code: str, token: str = "") -> httpx.Response:
        body = {"token": token or await self.token(), "code": code}
        return await self.http.post(f"{AUTH}/second-factor", json=body)


@pytest.fixture
async def person(browser: httpx.AsyncClient, clock: Clock) -> Person:
    email = new_email()
    return Person(browser, email, bearer(await register(browser, email)), clock)


@pytest.fixture
async def guarded(person: Person) -> Person:
    """Somebody whose second factor is on."""
    await person.switch_on()
    return person


async def unblock(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(sa.delete(throttles))


async def test_it_is_on_once_a_code_was_shown_and_not_before(person: Person) -> None:
    enrolled = (await person.enrol()).json()
    assert enrolled["uri"].startswith("otpauth://totp/Nearhop:")
    assert enrolled["secret"] in enrolled["uri"]
    assert enrolled["qr"].startswith("data:image/svg+xml")
    assert (await person.http.get(FACTOR, headers=person.headers)).json()["enabled"] is False
    assert "accessToken" in (await person.first_step()).json()
    wrong = await person.http.post(f"{FACTOR}/confirm", json={"code": "000000"}, headers=person.headers)
    assert wrong.status_code == 403
    right = await person.http.post(f"{FACTOR}/confirm", json={"code": person.code()}, headers=person.headers)
    assert len(set(right.json()["recoveryCodes"])) == 10
    shown = (await person.http.get(FACTOR, headers=person.headers)).json()
    assert (shown["enabled"], shown["recoveryCodesLeft"]) == (True, 10)
    assert "accessToken" not in (await person.first_step()).json()


async def test_the_secret_is_shown_once_and_a_factor_that_is_on_is_not_replaced(guarded: Person) -> None:
    again = await guarded.http.post(FACTOR, json={"password": PASSWORD}, headers=guarded.headers)
    assert again.status_code == 409
    shown = await guarded.http.get(FACTOR, headers=guarded.headers)
    assert guarded.secret not in shown.text
    confirmed = await guarded.http.post(f"{FACTOR}/confirm", json={"code": guarded.code()}, headers=guarded.headers)
    assert confirmed.status_code == 409


async def test_logging_in_takes_the_password_and_then_a_code(guarded: Person) -> None:
    first = await guarded.first_step()
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-store")
    assert "set-cookie" not in first.headers
    step = first.json()["secondFactor"]
    assert (step["methods"], step["expiresIn"]) == (["totp", "recoveryCode"], 300)
    as_access = await guarded.http.get("/api/v1/me", headers={"Authorization": f"Bearer {step['token']}"})
    assert as_access.status_code == 401
    code = guarded.code()
    second = await guarded.second_step(f" {code[:3]} {code[3:]} ", step["token"])
    assert second.status_code == 200
    assert (await guarded.http.get("/api/v1/me", headers=bearer(second))).json()["user"]["email"] == guarded.email


async def test_a_code_is_good_once(guarded: Person) -> None:
    code = guarded.code()
    assert (await guarded.second_step(code)).status_code == 200
    assert (await guarded.second_step(code)).status_code == 401
    assert (await guarded.second_step(guarded.code(-1))).status_code == 401, "older than the one used"
    assert (await guarded.second_step(guarded.code(1))).status_code == 200


async def test_of_one_code_sent_many_times_at_once_one_counts(guarded: Person) -> None:
    tokens = [await guarded.token() for _ in range(5)]
    code = guarded.code()
    answers = await asyncio.gather(*(guarded.second_step(code, token) for token in tokens))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 4}


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
async def test_a_clock_may_be_off_by_one_step(guarded: Person, steps: int, status: int) -> None:
    guarded.clock.seconds += 5 * STEP_SECONDS
    assert (await guarded.second_step(guarded.code(steps))).status_code == status


async def test_the_token_of_the_first_step_is_good_once_for_minutes_and_survives_a_typing_mistake(
    guarded: Person, engine: AsyncEngine
) -> None:
    token = await guarded.token()
    assert (await guarded.second_step("000000", token)).status_code == 401
    assert (await guarded.second_step(guarded.code(), token)).status_code == 200
    assert (await guarded.second_step(guarded.code(1), token)).status_code == 422
    late = await guarded.token()
    async with engine.begin() as connection:
        stored = (await connection.execute(sa.select(auth_steps))).all()
        assert late not in str(stored)
        await connection.execute(
            sa.update(auth_steps).values(expires_at=sa.func.now() - sa.text("interval '1 second'"))
        )
    assert (await guarded.second_step(guarded.code(1), late)).status_code == 422


async def test_guessing_codes_is_slowed_per_account_whatever_the_tokens(guarded: Person, engine: AsyncEngine) -> None:
    tokens = [await guarded.token() for _ in range(4)]
    answers = await asyncio.gather(*(guarded.second_step(f"{n:06}", tokens[n % 4]) for n in range(12)))
    assert Counter(answer.status_code for answer in answers) == {401: 6, 429: 6}
    async with engine.begin() as connection:  # longer than the slowest machine takes for what follows
        later = sa.func.now() + sa.text("interval '1 minute'")
        await connection.execute(sa.update(throttles).values(blocked_until=later))
    # Who knows the password can't begin the count again by it.
    assert (await guarded.first_step()).status_code == 200
    assert (await guarded.second_step(guarded.code(), tokens[0])).status_code == 429
    await unblock(engine)
    assert (await guarded.second_step(guarded.code(), tokens[0])).status_code == 200


async def test_a_recovery_code_lets_in_once_and_its_owner_is_told(guarded: Person, engine: AsyncEngine) -> None:
    code = guarded.codes[0]
    assert (await guarded.second_step(code.upper().replace("-", " "))).status_code == 200
    assert (await guarded.second_step(code)).status_code == 401
    assert (await guarded.http.get(FACTOR, headers=guarded.headers)).json()["recoveryCodesLeft"] == 9
    postbox = Postbox()
    await run_jobs(engine, postbox)
    subjects = [each.subject for each in postbox.letters if each.to == guarded.email]
    assert subjects == ["Your second factor is on", "A recovery code was used"]


async def test_anothers_recovery_code_is_worth_nothing(guarded: Person, app: Starlette) -> None:
    async with make_client(app, base_url="http://localhost") as http:
        email = new_email()
        other = Person(http, email, bearer(await register(http, email)), guarded.clock)
        await other.switch_on()
        assert (await other.second_step(guarded.codes[0])).status_code == 401


async def test_new_recovery_codes_end_the_former_ones(guarded: Person, engine: AsyncEngine) -> None:
    body = {"password": PASSWORD, "code": guarded.code()}
    answer = await guarded.http.post(f"{FACTOR}/recovery-codes", json=body, headers=guarded.headers)
    fresh = answer.json()["recoveryCodes"]
    assert set(fresh).isdisjoint(guarded.codes)
    assert (await guarded.second_step(guarded.codes[0])).status_code == 401
    assert (await guarded.second_step(fresh[0])).status_code == 200
    expected = ["user.recovery_code_used", "user.recovery_codes_renewed", "user.second_factor_on"]
    assert (await noted(guarded.http, guarded.headers))[:3] == expected
    postbox = Postbox()
    await run_jobs(engine, postbox)
    assert "You have new recovery codes" in [each.subject for each in postbox.letters]


async def test_switching_it_off_takes_the_password_and_a_code(guarded: Person, engine: AsyncEngine) -> None:
    for body, status in (
        ({"password": "not the password", "code": guarded.code()}, 403),
        ({"code": guarded.code()}, 403),
        ({"password": PASSWORD, "code": "000000"}, 403),
        ({"password": PASSWORD}, 422),
        ({"password": PASSWORD, "code": guarded.code()}, 204),
        ({"password": PASSWORD, "code": guarded.code(1)}, 409),
    ):
        answer = await guarded.http.request("DELETE", FACTOR, json=body, headers=guarded.headers)
        assert answer.status_code == status, body
    assert (await noted(guarded.http, guarded.headers))[0] == "user.second_factor_off"
    assert "accessToken" in (await guarded.first_step()).json()
    async with engine.connect() as connection:
        mine = sa.select(users.c.id).where(users.c.email == guarded.email).scalar_subquery()
        for table in (totp_factors, recovery_codes):
            assert (await connection.execute(sa.select(table).where(table.c.user_id == mine))).all() == []
    postbox = Postbox()
    await run_jobs(engine, postbox)
    assert "Your second factor is off" in [each.subject for each in postbox.letters]


async def test_enrolling_takes_the_password(person: Person) -> None:
    for body in ({}, {"password": "not the password"}):
        assert (await person.http.post(FACTOR, json=body, headers=person.headers)).status_code == 403


async def test_a_new_password_by_letter_does_not_get_around_it(guarded: Person) -> None:
    begun = await guarded.token()
    await guarded.http.post(f"{AUTH}/forgot-password", json={"email": guarded.email})
    token = await letter(guarded.http, "reset", guarded.email)
    body = {"token": token, "password": "another long password"}
    assert (await guarded.http.post(f"{AUTH}/reset-password", json=body)).status_code == 204
    assert (await guarded.second_step(guarded.code(), begun)).status_code == 422, "begun with the former password"
    first = await guarded.first_step("another long password")
    assert "accessToken" not in first.json()
    assert (await guarded.second_step(guarded.code(), first.json()["secondFactor"]["token"])).status_code == 200


async def test_nothing_of_it_is_in_the_database_in_clear(guarded: Person, engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        stored = [bytes(row.secret) for row in await connection.execute(sa.select(totp_factors))]
        hashes = [bytes(row.code_hash) for row in await connection.execute(sa.select(recovery_codes))]
    for text in (guarded.secret.encode(), base64.b32decode(guarded.secret)):
        assert not any(text in each for each in stored)
    assert not any(code.encode() in each for each in hashes for code in guarded.codes)


async def test_after_a_change_of_the_secret_key_recovery_codes_still_let_in(
    guarded: Person, engine: AsyncEngine
) -> None:
    async with engine.begin() as connection:
        mine = sa.select(users.c.id).where(users.c.email == guarded.email).scalar_subquery()
        update = sa.update(totp_factors).where(totp_factors.c.user_id == mine)
        await connection.execute(update.values(secret=b"sealed under another key, long ago"))
    assert (await guarded.second_step(guarded.code())).status_code == 401
    assert (await guarded.second_step(guarded.codes[0])).status_code == 200


async def test_who_has_no_password_proves_themselves_by_a_fresh_session(person: Person, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        mine = users.c.email == person.email
        await connection.execute(sa.update(users).where(mine).values(password_hash=None))
    assert (await person.http.post(FACTOR, json={}, headers=person.headers)).status_code == 201
    async with engine.begin() as connection:
        await connection.execute(sa.text("UPDATE sessions SET created_at = now() - interval '11 minutes'"))
    refused = await person.http.post(FACTOR, json={}, headers=person.headers)
    assert refused.status_code == 403
    assert "log in once more" in refused.json()["error"]["message"]


async def test_who_runs_the_installation_can_switch_it_off_for_somebody(guarded: Person, engine: AsyncEngine) -> None:
    settings = OriginSettings(database_url=database_url(engine))
    for arguments, status in (
        ([], 2),
        (["on", guarded.email], 2),
        (["off", "nobody@example.com"], 1),
        (["off", guarded.email.upper()], 0),
        (["off", guarded.email], 1),
    ):
        assert await asyncio.to_thread(second_factor_command.main, arguments, settings) == status
    assert (await guarded.http.get(FACTOR, headers=guarded.headers)).status_code == 401, "the session goes on"
    assert "accessToken" in (await guarded.first_step()).json()
    postbox = Postbox()
    await run_jobs(engine, postbox)
    assert "Your second factor is off" in [each.subject for each in postbox.letters if each.to == guarded.email]
