"""Signing in by OpenID Connect: with a real provider, and with one that says what it should not."""

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy.ext.asyncio import AsyncEngine

from origin.oidc import calls
from origin.oidc.providers import read
from origin.storage.tables import auth_steps, identities, users
from shared.errors import BadSetting
from tests.letters import PASSWORD, Postbox, bearer, new_email, noted, register, run_jobs
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, real_provider, setting, walk
from tests.origin_app import DASHBOARD_URL, make_app, make_client

AUTH = "/api/v1/auth"
OIDC = f"{AUTH}/oidc"
ME = "/api/v1/me"
BACK = f"{DASHBOARD_URL}/login/oidc/acme"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with real_provider(BACK) as running:
        yield running


@pytest.fixture
async def http(engine: AsyncEngine, issuer: str) -> AsyncIterator[httpx.AsyncClient]:
    """An origin that knows the real provider."""
    async with make_client(make_app(engine, oidc_providers=setting(issuer)), base_url="http://localhost") as client:
        yield client


async def come_back(http: httpx.AsyncClient, name: str) -> dict[str, str]:
    """Go to the provider and log in there; what the browser comes back with."""
    way = (await http.post(f"{OIDC}/acme/start", json={})).json()
    back = await walk(way["authorizationUrl"], name, BACK)
    assert back["state"] == way["state"]
    return back


async def sign_in(http: httpx.AsyncClient, name: str) -> httpx.Response:
    return await http.post(f"{OIDC}/acme/finish", json=await come_back(http, name))


async def email_of(http: httpx.AsyncClient, answer: httpx.Response) -> str:
    return str((await http.get(ME, headers=bearer(answer))).json()["user"]["email"])


async def test_the_log_in_page_hears_which_providers_there_are(http: httpx.AsyncClient, api: httpx.AsyncClient) -> None:
    assert (await http.get(OIDC)).json() == [{"id": "acme", "name": "Acme"}]
    assert (await api.get(OIDC)).json() == []
    assert (await api.post(f"{OIDC}/acme/start", json={})).status_code == 404


async def test_a_newcomer_gets_an_account_with_a_workspace_and_comes_back_to_it(http: httpx.AsyncClient) -> None:
    email = new_email()
    first, second = await sign_in(http, email), await sign_in(http, email)
    assert [answer.status_code for answer in (first, second)] == [200, 200]
    me = (await http.get(ME, headers=bearer(second))).json()
    assert (me["user"]["email"], me["user"]["name"]) == (email, "Ada Provided")
    assert [each["role"] for each in me["workspaces"]] == ["owner"]
    assert await noted(http, bearer(second)) == ["workspace.create"]
    assert first.json()["user"]["id"] == second.json()["user"]["id"]


async def test_an_account_of_that_address_is_linked_and_its_owner_told(
    http: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    email = new_email()
    opened = await register(http, email)
    answer = await sign_in(http, email.upper())
    assert answer.json()["user"]["id"] == opened.json()["user"]["id"]
    assert (await noted(http, bearer(opened)))[0] == "user.identity_linked"
    postbox = Postbox()
    await run_jobs(engine, postbox)
    assert "Another way into your account" in [each.subject for each in postbox.letters if each.to == email]


async def test_an_address_that_the_provider_has_not_verified_opens_nothing(
    http: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    email = f"unverified-{new_email()}"
    await register(http, email)
    refused = await sign_in(http, email)
    assert refused.status_code == 403
    assert "does not vouch" in refused.json()["error"]["message"]
    async with engine.connect() as connection:
        assert (await connection.execute(sa.select(identities).where(identities.c.subject == email))).all() == []


async def test_the_second_factor_is_asked_for_after_a_provider_too(
    http: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    email = new_email()
    await sign_in(http, email)
    async with engine.begin() as connection:
        mine = sa.select(users.c.id).where(users.c.email == email)
        on = "INSERT INTO totp_factors (user_id, secret, confirmed_at) VALUES (:user, '', now())"
        await connection.execute(sa.text(on), {"user": (await connection.execute(mine)).scalar_one()})
    answer = await sign_in(http, email)
    assert set(answer.json()) == {"secondFactor"}
    assert "set-cookie" not in answer.headers


async def test_a_code_is_good_once_and_only_with_its_own_state(http: httpx.AsyncClient) -> None:
    back, other = await come_back(http, new_email()), await come_back(http, new_email())
    crossed = {**back, "state": other["state"]}  # whose code verifier and nonce are others
    assert (await http.post(f"{OIDC}/acme/finish", json=crossed)).status_code == 401
    answers = await asyncio.gather(*(http.post(f"{OIDC}/acme/finish", json=back) for _ in range(3)))
    assert Counter(answer.status_code for answer in answers)[200] <= 1
    assert {answer.status_code for answer in answers} <= {200, 401, 422}
    assert (await http.post(f"{OIDC}/acme/finish", json={**back, "state": "made up"})).status_code == 422


async def test_a_state_ends_by_itself(http: httpx.AsyncClient, engine: AsyncEngine) -> None:
    back = await come_back(http, new_email())
    async with engine.begin() as connection:
        stored = str((await connection.execute(sa.select(auth_steps))).all())
        assert back["state"] not in stored
        await connection.execute(
            sa.update(auth_steps).values(expires_at=sa.func.now() - sa.text("interval '1 second'"))
        )
    assert (await http.post(f"{OIDC}/acme/finish", json=back)).status_code == 422


async def test_who_has_no_password_unlinks_by_a_fresh_session_and_is_told(
    http: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    email = new_email()
    headers = bearer(await sign_in(http, email))
    (linked,) = (await http.get(f"{ME}/identities", headers=headers)).json()
    assert linked["email"] == email
    stranger = bearer(await register(http))
    path = f"{ME}/identities/{linked['id']}"
    assert (await http.request("DELETE", path, json={"password": PASSWORD}, headers=stranger)).status_code == 404
    assert (await http.request("DELETE", path, json={}, headers=headers)).status_code == 204
    assert (await noted(http, headers))[0] == "user.identity_unlinked"
    postbox = Postbox()
    await run_jobs(engine, postbox)
    assert "A provider was unlinked" in [each.subject for each in postbox.letters if each.to == email]


@dataclass
class Fake:
    """An origin whose only provider is one that says whatever it is told to."""

    provider: FakeProvider
    http: httpx.AsyncClient
    email: str

    async def start(self) -> dict[str, str]:
        way = dict((await self.http.post(f"{OIDC}/acme/start", json={})).json())
        query = parse_qs(urlsplit(way["authorizationUrl"]).query)
        self.provider.nonce = query["nonce"][0]
        return way

    async def finish(self, **more: str) -> httpx.Response:
        way = await self.start()
        body = {"state": way["state"], "code": "code", **more}
        return await self.http.post(f"{OIDC}/acme/finish", json=body)


@pytest.fixture
async def fake(engine: AsyncEngine) -> AsyncIterator[Fake]:
    email = new_email()
    provider = FakeProvider(claims={"sub": email, "email": email, "email_verified": True})
    app = make_app(engine, oidc_providers=setting(provider.issuer), oidc_transport=provider.transport)
    async with make_client(app, base_url="http://localhost") as client:
        yield Fake(provider, client, email)


async def test_what_is_sent_to_the_provider_is_all_that_the_flow_needs(fake: Fake) -> None:
    way = await fake.start()
    query = {name: values[0] for name, values in parse_qs(urlsplit(way["authorizationUrl"]).query).items()}
    assert way["authorizationUrl"].startswith("https://fake.example/auth?")
    assert query["redirect_uri"] == BACK
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert (query["scope"], query["client_id"], query["state"]) == ("openid email profile", CLIENT_ID, way["state"])
    assert len({query["nonce"], query["state"], query["code_challenge"]}) == 3
    assert CLIENT_SECRET not in way["authorizationUrl"]


async def test_a_right_token_lets_in(fake: Fake) -> None:
    assert (await fake.finish()).json()["user"]["email"] == fake.email
    assert (await fake.finish(iss="https://fake.example")).status_code == 200
    assert "code_verifier" in fake.provider.form


FAR = 4_000_000_000


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another log-in"}, {"nonce": None}, {"iss": "https://evil.example"}, {"iss": None},
        {"aud": "another client"}, {"aud": ["another client"]}, {"aud": [CLIENT_ID, "another"]}, {"aud": None},
        {"azp": "another client"}, {"exp": 1_700_000_000}, {"exp": None}, {"exp": "soon"}, {"iat": FAR},
        {"nbf": FAR}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "s" * 256},
    ],
    ids=str,
)  # fmt: skip
async def test_a_token_with_a_wrong_claim_opens_nothing(fake: Fake, claims: dict[str, Any]) -> None:
    fake.provider.claims |= claims
    refused = await fake.finish()
    assert refused.status_code == 401
    assert refused.json()["error"]["message"] == "Acme gave an answer that is not right: begin again."


def unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "kid": "1"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in parts) + "."


async def test_an_unsigned_token_opens_nothing(fake: Fake) -> None:
    for forge in (unsigned, _by_client_secret):
        way = await fake.start()
        now = {"iat": FAR - 10**9, "exp": FAR}
        right = {"iss": "https://fake.example", "aud": CLIENT_ID, "nonce": fake.provider.nonce, **now}
        fake.provider.token = forge({**right, **fake.provider.claims, "iat": 1_700_000_000})
        answer = await fake.http.post(f"{OIDC}/acme/finish", json={"state": way["state"], "code": "code"})
        assert answer.status_code == 401
    for garbage in ("", "a.b.c", "x" * 5000):
        fake.provider.token = garbage or "."
        assert (await fake.finish()).status_code == 401


def _by_client_secret(claims: dict[str, Any]) -> str:
    """HS256, by what the client and the provider both know: not a signature of the provider alone."""
    return jwt.encode({"alg": "HS256", "kid": "1"}, claims, OctKey.import_key(CLIENT_SECRET), algorithms=["HS256"])


async def test_a_token_of_anothers_key_opens_nothing(fake: Fake) -> None:
    fake.provider.signer = RSAKey.generate_key(2048, {"kid": "1"}, auto_kid=False)
    assert (await fake.finish()).status_code == 401


async def test_a_provider_may_change_its_keys_and_made_up_keys_cost_it_little(engine: AsyncEngine) -> None:
    email, seconds = new_email(), [0.0]
    provider = FakeProvider(claims={"sub": email, "email": email, "email_verified": True})
    app = make_app(
        engine,
        oidc_providers=setting(provider.issuer),
        oidc_transport=provider.transport,
        clock=lambda: time.time() + seconds[0],
    )
    async with make_client(app, base_url="http://localhost") as client:
        fake = Fake(provider, client, email)
        assert (await fake.finish()).status_code == 200
        provider.signer = RSAKey.generate_key(2048, {"kid": "2"}, auto_kid=False)
        for _ in range(3):
            assert (await fake.finish()).status_code == 401
        assert provider.asked.count("/keys") == 1
        provider.key = provider.signer
        seconds[0] = 61
        assert (await fake.finish()).status_code == 200
        assert provider.asked.count("/keys") == 2


async def test_an_answer_of_another_issuer_is_refused(fake: Fake) -> None:
    assert (await fake.finish(iss="https://evil.example")).status_code == 401
    assert "/token" not in fake.provider.asked, "the code must not go anywhere"


async def test_a_provider_that_promises_its_name_in_the_answer_is_held_to_it(fake: Fake) -> None:
    fake.provider.metadata["authorization_response_iss_parameter_supported"] = True
    assert (await fake.finish()).status_code == 401
    assert (await fake.finish(iss="https://fake.example")).status_code == 200


async def test_a_state_of_one_provider_is_none_for_another(engine: AsyncEngine) -> None:
    provider = FakeProvider()
    both = json.loads(setting(provider.issuer)) + json.loads(setting(provider.issuer, "other"))
    app = make_app(engine, oidc_providers=json.dumps(both), oidc_transport=provider.transport)
    async with make_client(app, base_url="http://localhost") as client:
        way = (await client.post(f"{OIDC}/acme/start", json={})).json()
        body = {"state": way["state"], "code": "code"}
        assert (await client.post(f"{OIDC}/other/finish", json=body)).status_code == 422
        assert "/token" not in provider.asked


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_address_counts_only_where_it_is_said_to_be_verified(fake: Fake, verified: object) -> None:
    fake.provider.claims["email_verified"] = verified
    assert (await fake.finish()).status_code == 403


async def test_the_address_may_come_from_userinfo_about_the_same_person(fake: Fake) -> None:
    fake.provider.claims |= {"email": None, "email_verified": None}
    fake.provider.userinfo = {"sub": "somebody else", "email": fake.email, "email_verified": True}
    assert (await fake.finish()).status_code == 401
    fake.provider.userinfo["sub"] = fake.email
    assert (await fake.finish()).json()["user"]["email"] == fake.email


async def test_who_is_linked_gets_in_whatever_becomes_of_the_address(fake: Fake) -> None:
    first = await fake.finish()
    fake.provider.claims |= {"email": "moved@example.com", "email_verified": False}
    second = await fake.finish()
    assert first.json()["user"] == second.json()["user"]


async def test_an_address_that_was_given_to_somebody_else_does_not_open_the_former_ones_account(fake: Fake) -> None:
    await fake.finish()
    fake.provider.claims["sub"] = "the next one with this address"
    assert (await fake.finish()).status_code == 409


async def test_a_provider_is_believed_about_its_own_domains_alone(engine: AsyncEngine) -> None:
    email = new_email()
    provider = FakeProvider(claims={"sub": email, "email": email, "email_verified": True})
    only = setting(provider.issuer, email_domains=["acme.example"])
    app = make_app(engine, oidc_providers=only, oidc_transport=provider.transport)
    async with make_client(app, base_url="http://localhost") as client:
        fake = Fake(provider, client, email)
        assert (await fake.finish()).status_code == 403
        provider.claims["email"] = email.replace("@example.com", "@Acme.Example")
        assert (await fake.finish()).status_code == 200


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500}, {"status": 302}, {"status": 404}, {"padding": calls.LARGEST_ANSWER}, {"hangs": True},
        {"metadata": {"issuer": "https://evil.example"}}, {"metadata": {"token_endpoint": "http://fake.example/token"}},
        {"metadata": {"jwks_uri": 7}}, {"metadata": {"jwks_uri": "https://fake.example/auth"}},
    ],
    ids=str,
)  # fmt: skip
async def test_a_provider_in_trouble_is_said_to_be(
    fake: Fake, trouble: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "SECONDS", 0.5)
    for name, value in trouble.items():
        setattr(fake.provider, name, value)
    answer = await fake.http.post(f"{OIDC}/acme/start", json={})
    assert answer.status_code == 503
    assert "does not answer" in answer.json()["error"]["message"]
    assert int(answer.headers["Retry-After"]) >= 1


async def test_a_provider_that_is_not_there_is_said_to_be(engine: AsyncEngine) -> None:
    app = make_app(engine, oidc_providers=setting("http://127.0.0.1:9"))
    async with make_client(app, base_url="http://localhost") as client:
        assert (await client.post(f"{OIDC}/acme/start", json={})).status_code == 503


async def test_a_code_that_the_provider_refuses_opens_nothing(fake: Fake) -> None:
    way = await fake.start()
    fake.provider.status = 400
    body = {"state": way["state"], "code": "code"}
    assert (await fake.http.post(f"{OIDC}/acme/finish", json=body)).status_code == 401


async def test_two_tabs_of_a_newcomer_at_once_get_one_account(http: httpx.AsyncClient) -> None:
    email = new_email()
    back = [await come_back(http, email) for _ in range(3)]
    answers = await asyncio.gather(*(http.post(f"{OIDC}/acme/finish", json=each) for each in back))
    assert {answer.status_code for answer in answers} <= {200, 409}
    users_seen = {answer.json()["user"]["id"] for answer in answers if answer.status_code == 200}
    assert len(users_seen) == 1
    assert (await sign_in(http, email)).json()["user"]["id"] in users_seen


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[{", "not valid JSON"),
        ("{}", "array"),
        ('[{"id": "A B"}]', "id"),
        (setting("http://fake.example"), "https"),
        (setting("https://fake.example?x=1"), "https"),
        (setting("https://fake.example", scopes=["openid"]), "scopes"),
        (setting("https://fake.example", **{"client-secret": "x"}), "client-secret"),
        (json.dumps(json.loads(setting("https://a.example")) * 2), "id of its own"),
    ],
)
def test_a_wrong_setting_is_named_and_not_repeated(text: str, said: str) -> None:
    with pytest.raises(BadSetting, match=said) as refused:
        read(text)
    assert CLIENT_SECRET not in str(refused.value)


def test_a_provider_keeps_its_secret_when_it_is_printed() -> None:
    assert CLIENT_SECRET not in repr(read(setting("https://fake.example")))
