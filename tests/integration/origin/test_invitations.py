"""Invitations to a workspace: sent, accepted, revoked, expired; and all of that at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin import ids
from origin.accounts.mail_tokens import MailTokens
from origin.mail.letters import Letter
from origin.storage.tables import invitations, memberships
from origin.workspaces import invitations as service
from origin.workspaces.invitation_mails import InvitationMails
from tests.factories import Account, new_account, new_member
from tests.letters import PASSWORD, bearer, invitation, new_email, register
from tests.origin_app import SECRET_KEY, make_client

ACCEPT, SHOW, REGISTER = (f"/api/v1/invitations/{each}" for each in ("accept", "show", "register"))


@pytest.fixture
def workspace(account: Account) -> str:
    return f"/api/v1/workspaces/{account.workspace_id}"


@pytest.fixture
def path(workspace: str) -> str:
    return f"{workspace}/invitations"


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client of somebody who has not logged in."""
    async with make_client(app) as client:
        yield client


async def invite(api: httpx.AsyncClient, path: str, email: str, role: str = "member") -> dict[str, Any]:
    made = await api.post(path, json={"email": email, "role": role})
    assert made.status_code == 201, made.text
    return dict(made.json())


async def role_of(engine: AsyncEngine, account: Account, user_id: str) -> str | None:
    one = sa.and_(
        memberships.c.workspace_id == account.actor.workspace_id, memberships.c.user_id == ids.parse(ids.USER, user_id)
    )
    async with engine.connect() as connection:
        return (await connection.execute(sa.select(memberships.c.role).where(one))).scalar_one_or_none()


async def expire(engine: AsyncEngine, email: str) -> None:
    past = sa.func.now() - sa.text("interval '1 minute'")
    async with engine.begin() as connection:
        await connection.execute(sa.update(invitations).where(invitations.c.email == email).values(expires_at=past))


class Postbox:
    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        self.letters.append(letter)


async def test_the_letter_says_who_invites_where_to_and_has_the_token_behind_the_hash(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account, path: str
) -> None:
    email = new_email()
    made = await invite(api, path, email, "admin")
    number = ids.parse(ids.INVITATION, made["id"])
    post = Postbox()
    mails = InvitationMails(engine, MailTokens(SECRET_KEY), post, "https://app.example")
    async with engine.connect() as connection:
        job = sa.text(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'workspaces.send_invitation'"
            " AND args @> jsonb_build_object('invitation_id', CAST(:number AS bigint))"
        )
        assert (await connection.execute(job, {"number": number})).scalar_one() == 1
    assert number is not None
    await mails.send(number)
    (letter,) = post.letters
    assert letter.to == email
    assert f"https://app.example/invitation#{await invitation(api, email)}" in letter.text
    assert account.email in letter.subject
    assert "an admin" in letter.text
    await api.delete(f"{path}/{made['id']}")
    await mails.send(number)
    assert len(post.letters) == 1  # nobody is sent what is revoked


async def test_somebody_with_an_account_accepts_and_is_in(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, engine: AsyncEngine, account: Account, path: str
) -> None:
    email = new_email()
    opened = await register(browser, email)
    await invite(api, path, email.upper(), "viewer")
    token = {"token": await invitation(api, email)}
    shown = (await browser.post(SHOW, json=token)).json()
    assert (shown["workspace"], shown["email"], shown["role"]) == ("Test", email, "viewer")
    assert shown["invitedBy"] == account.email
    assert shown["hasAccount"] is True
    assert (await browser.post(ACCEPT, json=token)).status_code == 401
    joined = await browser.post(ACCEPT, json=token, headers=bearer(opened))
    assert joined.json() == {"workspaceId": account.workspace_id}
    assert await role_of(engine, account, opened.json()["user"]["id"]) == "viewer"
    assert (await api.get(path)).json() == []
    again = await browser.post(ACCEPT, json=token, headers=bearer(opened))
    assert again.json() == joined.json()  # a second click on the same link
    assert (await browser.post(SHOW, json=token)).status_code == 410


async def test_somebody_without_an_account_opens_one_by_the_letter_alone(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, engine: AsyncEngine, account: Account, path: str
) -> None:
    email = new_email()
    await invite(api, path, email, "admin")
    token = await invitation(api, email)
    assert (await browser.post(SHOW, json={"token": token})).json()["hasAccount"] is False
    weak = await browser.post(REGISTER, json={"token": token, "password": "short"})
    assert weak.status_code == 422
    opened = await browser.post(REGISTER, json={"token": token, "password": PASSWORD, "name": "Grace"})
    assert opened.status_code == 201
    assert await role_of(engine, account, opened.json()["user"]["id"]) == "admin"
    me = (await browser.get("/api/v1/me", headers=bearer(opened))).json()
    assert [each["id"] for each in me["workspaces"]] == [account.workspace_id]
    login = await browser.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
    assert login.status_code == 200
    assert (await browser.post(REGISTER, json={"token": token, "password": PASSWORD})).status_code == 410


async def test_an_invitation_does_not_open_an_account_that_is_there(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, path: str
) -> None:
    email = new_email()
    await register(browser, email)
    await invite(api, path, email)
    answer = await browser.post(REGISTER, json={"token": await invitation(api, email), "password": "another password"})
    assert answer.status_code == 409
    assert (await browser.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})).status_code == 200


async def test_an_invitation_is_for_one_address(api: httpx.AsyncClient, browser: httpx.AsyncClient, path: str) -> None:
    email = new_email()
    await invite(api, path, email)
    other = await register(browser)
    answer = await browser.post(ACCEPT, json={"token": await invitation(api, email)}, headers=bearer(other))
    assert answer.status_code == 403
    assert email in answer.json()["error"]["message"]


async def test_an_expired_or_revoked_or_made_up_invitation_is_gone(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, engine: AsyncEngine, path: str
) -> None:
    email = new_email()
    opened = await register(browser, email)
    made = await invite(api, path, email)
    token = {"token": await invitation(api, email)}
    await expire(engine, email)
    for url, body in ((SHOW, token), (ACCEPT, token), (REGISTER, {**token, "password": PASSWORD})):
        answer = await browser.post(url, json=body, headers=bearer(opened))
        assert answer.status_code == 410
        assert answer.json()["error"]["code"] == "invite_expired"
    assert (await api.post(f"{path}/{made['id']}/resend")).status_code == 200
    assert (await browser.post(SHOW, json=token)).status_code == 200  # the former letter is good again
    assert (await api.delete(f"{path}/{made['id']}")).status_code == 204
    assert (await browser.post(ACCEPT, json=token, headers=bearer(opened))).status_code == 410
    assert (await browser.post(ACCEPT, json={"token": "x"}, headers=bearer(opened))).status_code == 410
    assert (await api.delete(f"{path}/{made['id']}")).status_code == 404
    assert (await api.post(f"{path}/{made['id']}/resend")).status_code == 404


async def test_an_address_has_one_open_invitation_and_a_new_one_once_that_has_expired(
    api: httpx.AsyncClient, engine: AsyncEngine, path: str
) -> None:
    email = new_email()
    first = await invite(api, path, email)
    assert (await api.post(path, json={"email": email})).status_code == 409
    await expire(engine, email)
    second = await invite(api, path, email, "viewer")
    assert [each["id"] for each in (await api.get(path)).json()] == [second["id"]]
    assert first["id"] != second["id"]


async def test_who_is_in_is_not_invited(api: httpx.AsyncClient, account: Account, path: str) -> None:
    answer = await api.post(path, json={"email": account.email})
    assert answer.status_code == 409
    assert answer.json()["error"]["message"].startswith("email")


async def test_nobody_invites_above_their_own_role(
    app: Starlette, engine: AsyncEngine, account: Account, path: str, api: httpx.AsyncClient
) -> None:
    owners = await invite(api, path, new_email(), "owner")
    for role, allowed in (("admin", True), ("owner", False)):
        admin = await new_member(engine, account.actor.workspace_id, "admin")
        async with make_client(app, admin.api_key) as theirs:
            answer = await theirs.post(path, json={"email": new_email(), "role": role})
            assert answer.status_code == (201 if allowed else 403)
            assert (await theirs.post(f"{path}/{owners['id']}/resend")).status_code == 403
    member = await new_member(engine, account.actor.workspace_id, "member")
    async with make_client(app, member.api_key) as theirs:
        assert (await theirs.post(path, json={"email": new_email()})).status_code == 403
        assert len((await theirs.get(path)).json()) == 2
    assert (await api.post(path, json={"email": new_email(), "role": "king"})).status_code == 422
    assert (await api.post(path, json={"email": "no address"})).status_code == 422


async def test_the_answer_does_not_tell_whether_an_account_exists(
    api: httpx.AsyncClient, engine: AsyncEngine, path: str
) -> None:
    known = (await new_account(engine)).email
    answers = [await invite(api, path, email) for email in (known, new_email())]
    assert answers[0].keys() == answers[1].keys()
    assert {each["role"] for each in answers} == {"member"}


async def test_open_invitations_are_bounded(api: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 3)
    answers = [await api.post(path, json={"email": new_email()}) for _ in range(4)]
    assert [each.status_code for each in answers] == [201, 201, 201, 422]


async def test_letters_to_one_address_are_slowed_down(api: httpx.AsyncClient, path: str) -> None:
    made = await invite(api, path, new_email())
    answers = [await api.post(f"{path}/{made['id']}/resend") for _ in range(7)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


async def test_of_parallel_invitations_of_one_address_one_is_made(api: httpx.AsyncClient, path: str) -> None:
    email = new_email()
    answers = await asyncio.gather(*(api.post(path, json={"email": email}) for _ in range(5)))
    assert Counter(each.status_code for each in answers) == {201: 1, 409: 4}


async def test_of_parallel_registrations_by_one_letter_one_opens_an_account(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, path: str
) -> None:
    email = new_email()
    await invite(api, path, email)
    body = {"token": await invitation(api, email), "password": PASSWORD}
    answers = Counter(
        each.status_code for each in await asyncio.gather(*(browser.post(REGISTER, json=body) for _ in range(4)))
    )
    assert answers[201] == 1
    assert set(answers) <= {201, 409, 410}


@pytest.mark.parametrize("rounds", range(5))
async def test_an_invitation_that_is_accepted_and_revoked_at_once_ends_as_one_of_both(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, engine: AsyncEngine, account: Account, path: str, rounds: int
) -> None:
    del rounds
    email = new_email()
    opened = await register(browser, email)
    made = await invite(api, path, email)
    token = {"token": await invitation(api, email)}
    accepted, revoked = await asyncio.gather(
        browser.post(ACCEPT, json=token, headers=bearer(opened)), api.delete(f"{path}/{made['id']}")
    )
    assert (accepted.status_code, revoked.status_code) in {(200, 404), (410, 204)}
    is_in = await role_of(engine, account, opened.json()["user"]["id"]) is not None
    assert is_in == (accepted.status_code == 200)


async def test_who_is_invited_as_an_owner_lets_the_last_owner_go_and_never_leaves_none(
    app: Starlette, api: httpx.AsyncClient, browser: httpx.AsyncClient, engine: AsyncEngine, account: Account,
    path: str, workspace: str,
) -> None:  # fmt: skip
    email = new_email()
    opened = await register(browser, email)
    await invite(api, path, email, "owner")
    token = {"token": await invitation(api, email)}
    accepted, left = await asyncio.gather(
        browser.post(ACCEPT, json=token, headers=bearer(opened)), api.post(f"{workspace}/leave")
    )
    assert accepted.status_code == 200
    assert left.status_code in {204, 409}  # before or after there was another owner
    async with engine.connect() as connection:
        mine = memberships.c.workspace_id == account.actor.workspace_id
        roles = list((await connection.execute(sa.select(memberships.c.role).where(mine))).scalars())
    assert "owner" in roles


async def test_accepting_while_the_workspace_is_deleted_ends_in_a_refusal_or_a_membership_that_goes_with_it(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, path: str, workspace: str
) -> None:
    email = new_email()
    opened = await register(browser, email)
    await invite(api, path, email)
    token = {"token": await invitation(api, email)}
    accepted, deleted = await asyncio.gather(
        browser.post(ACCEPT, json=token, headers=bearer(opened)), api.delete(workspace)
    )
    assert deleted.status_code == 204
    assert accepted.status_code in {200, 410}
    assert len((await browser.get("/api/v1/workspaces", headers=bearer(opened))).json()) == 1  # their own


async def test_who_was_taken_out_does_not_come_back_by_the_old_letter(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, path: str, workspace: str
) -> None:
    email = new_email()
    opened = await register(browser, email)
    await invite(api, path, email)
    token = {"token": await invitation(api, email)}
    assert (await browser.post(ACCEPT, json=token, headers=bearer(opened))).status_code == 200
    user_id = opened.json()["user"]["id"]
    assert (await api.delete(f"{workspace}/members/{user_id}")).status_code == 204
    assert (await browser.post(ACCEPT, json=token, headers=bearer(opened))).status_code == 410


@pytest.mark.parametrize("way", ["taken out", "leaves", "account gone", "made a member"])
async def test_an_invitation_lasts_no_longer_than_its_inviters_right_to_make_it(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, engine: AsyncEngine, account: Account, path: str, way: str
) -> None:
    opened = await register(browser)
    inviter = opened.json()["user"]
    await invite(api, path, inviter["email"], "admin")
    await browser.post(ACCEPT, json={"token": await invitation(api, inviter["email"])}, headers=bearer(opened))
    theirs, mine = new_email(), new_email()
    asked = {"email": theirs, "role": "admin"}
    assert (await browser.post(path, json=asked, headers=bearer(opened))).status_code == 201
    await invite(api, path, mine, "admin")
    token = {"token": await invitation(api, theirs)}
    workspace = path.removesuffix("/invitations")
    them = f"{workspace}/members/{inviter['id']}"
    if way == "taken out":
        done = await api.delete(them)
    elif way == "leaves":
        done = await browser.post(f"{workspace}/leave", headers=bearer(opened))
    elif way == "account gone":
        done = await browser.request("DELETE", "/api/v1/me", json={"password": PASSWORD}, headers=bearer(opened))
    else:
        done = await api.patch(them, json={"role": "member"})
    assert done.is_success, done.text
    assert [each["email"] for each in (await api.get(path)).json()] == [mine]
    guest = await register(browser, theirs)
    assert (await browser.post(ACCEPT, json=token, headers=bearer(guest))).status_code == 410
    assert await role_of(engine, account, guest.json()["user"]["id"]) is None


async def test_an_owner_who_hands_over_keeps_only_the_invitations_that_an_admin_may_make(
    api: httpx.AsyncClient, engine: AsyncEngine, account: Account, workspace: str, path: str
) -> None:
    heir = await new_member(engine, account.actor.workspace_id, "admin")
    kept = await invite(api, path, new_email(), "admin")
    await invite(api, path, new_email(), "owner")
    body = {"userId": ids.public(ids.USER, heir.actor.user_id)}
    assert (await api.post(f"{workspace}/transfer", json=body)).status_code == 200
    assert [each["id"] for each in (await api.get(path)).json()] == [kept["id"]]
