"""Members, invitations, workspaces and their settings, and the audit log."""

import re

import pytest

from dashboard.origin_fake import EMAIL, PASSWORD, FakeOrigin
from dashboard.origin_fake_teams import user_id
from tests.unit.dashboard.conftest import Reader

NEW, SECRET = "ada@example.com", "a long enough one"


def invited(origin: FakeOrigin, email: str = NEW, role: str = "admin") -> str:
    """An invitation's token."""
    invitation = {
        "id": "inv_9", "workspace": "ws_1", "email": email, "role": role, "createdAt": "2026-01-01T00:00:00Z",
        "expiresAt": "2126-01-01T00:00:00Z",
    }  # fmt: skip
    origin.teams.invitations["inv_9"] = invitation
    origin.teams.letters[email] = "the-token"
    return "the-token"


async def test_every_page_names_the_workspace_from_the_first_on(origin: FakeOrigin, reader: Reader) -> None:
    name = origin.teams.workspaces["ws_1"]["name"]
    assert f"Workspace {name}: choose another" in (await reader.get("/links")).text
    asked = origin.calls.count("GET /me")
    assert f"Workspace {name}: choose another" in (await reader.get("/security")).text
    assert origin.calls.count("GET /me") == asked  # once a session


async def test_somebody_is_invited_and_listed(origin: FakeOrigin, reader: Reader) -> None:
    answer = await reader.send("/members", {"email": NEW, "role": "viewer"})
    assert answer.headers["location"] == "/members"
    page = (await reader.get("/members")).text
    assert f"on its way to {NEW}" in page
    (invitation,) = origin.teams.invitations.values()
    assert invitation["role"] == "viewer"
    assert f"Revoke the invitation of {NEW}" in page


@pytest.mark.parametrize(("email", "text"), [("", "Enter the address"), ("nobody", "is not an e-mail address")])
async def test_a_bad_address_is_said_at_the_field(reader: Reader, email: str, text: str) -> None:
    answer = await reader.send("/members", {"email": email, "role": "viewer"})
    assert answer.status_code == 422
    assert text in answer.text.split('id="email-error"')[1]


async def test_an_invitation_is_sent_again_and_revoked(origin: FakeOrigin, reader: Reader) -> None:
    invited(origin)
    await reader.send("/members", {}, "/members/invitations/inv_9/resend")
    assert "Sent again" in (await reader.get("/members")).text
    await reader.send("/members", {}, "/members/invitations/inv_9/revoke")
    assert not origin.teams.invitations


async def test_a_role_is_changed_and_a_member_removed(origin: FakeOrigin, reader: Reader) -> None:
    origin.teams.members["ws_1"][NEW] = "viewer"
    await reader.send("/members", {"role": "admin"}, f"/members/{user_id(NEW)}/role")
    assert origin.teams.members["ws_1"][NEW] == "admin"
    page = f"/members/{user_id(NEW)}/remove"
    assert "Their API keys for this workspace end" in (await reader.get(page)).text
    await reader.send(page, {})
    assert NEW not in origin.teams.members["ws_1"]
    assert (await reader.get(page)).headers["location"] == "/members"


async def test_the_last_owner_is_told_why_they_stay(origin: FakeOrigin, reader: Reader) -> None:
    answer = await reader.send(f"/members/{user_id(EMAIL)}/remove", {})
    assert answer.status_code == 409
    assert "keeps an owner" in answer.text
    assert EMAIL in origin.teams.members["ws_1"]


async def test_who_may_not_manage_sees_who_is_in_and_no_buttons(origin: FakeOrigin, reader: Reader) -> None:
    invited(origin)
    origin.teams.members["ws_1"] = {EMAIL: "viewer", NEW: "owner"}
    page = (await reader.get("/members")).text
    assert NEW in page
    for button in ("Revoke", "Change the role", "Remove", 'name="email"'):
        assert button not in page
    assert "Leave" in page
    settings = (await reader.get("/settings")).text
    assert "disabled" in settings
    assert "Delete the workspace" not in settings


async def test_who_has_an_account_accepts_after_logging_in(origin: FakeOrigin, stranger: Reader) -> None:
    origin.accounts.passwords[NEW] = SECRET
    token = invited(origin)
    assert (await stranger.send("/invitation", {"token": f"https://x/invitation#{token}"})).headers[
        "location"
    ] == "/invitation"
    page = (await stranger.get("/invitation")).text
    assert "Join Local" in page
    assert 'href="/login?next=/invitation"' in page
    assert token not in page
    await stranger.send("/login?next=/invitation", {"email": NEW, "password": SECRET})
    assert "Accept" in (await stranger.get("/invitation")).text  # the log-in has kept it
    answer = await stranger.send("/invitation", {}, "/invitation/accept")
    assert answer.headers["location"] == "/links"
    assert origin.teams.members["ws_1"][NEW] == "admin"
    assert "Welcome to Local" in (await stranger.get("/links")).text


async def test_who_has_none_opens_an_account_by_the_invitation(origin: FakeOrigin, stranger: Reader) -> None:
    await stranger.send("/invitation", {"token": invited(origin)})
    refused = await stranger.send("/invitation", {"password": "short"}, "/invitation/register")
    assert "8 to 256 characters" in refused.text.split('id="password-error"')[1]
    answer = await stranger.send("/invitation", {"password": SECRET, "name": "Ada"}, "/invitation/register")
    assert answer.headers["location"] == "/links"
    assert origin.accounts.passwords[NEW] == SECRET
    assert NEW in (await stranger.get("/links")).text


async def test_who_is_logged_in_as_somebody_else_is_told(origin: FakeOrigin, reader: Reader) -> None:
    await reader.send("/invitation", {"token": invited(origin)})
    page = (await reader.get("/invitation")).text
    assert f"You are logged in as {EMAIL}" in page
    assert "/invitation/accept" not in page


async def test_an_invitation_that_is_good_no_longer_says_so(origin: FakeOrigin, stranger: Reader) -> None:
    answer = await stranger.send("/invitation", {"token": "made-up"})
    assert answer.status_code == 410
    assert "ask for a new one" in answer.text
    await stranger.send("/invitation", {"token": invited(origin)})
    origin.teams.invitations.clear()  # revoked meanwhile
    assert (await stranger.get("/invitation")).status_code == 410
    assert (await stranger.get("/invitation")).status_code == 200  # the form again


async def test_an_invitation_can_be_put_aside(origin: FakeOrigin, stranger: Reader) -> None:
    await stranger.send("/invitation", {"token": invited(origin)})
    await stranger.send("/invitation", {}, "/invitation/put-aside")
    assert "You are invited" in (await stranger.get("/invitation")).text
    assert origin.teams.invitations


async def test_pages_are_about_the_workspace_that_was_chosen(origin: FakeOrigin, reader: Reader) -> None:
    other = origin.teams.add_workspace("Other", EMAIL)
    page = (await reader.get("/workspaces")).text
    assert "Work in Other" in page
    await reader.send("/workspaces", {}, f"/workspaces/{other['id']}/choose")
    assert "In Other" in (await reader.get("/members")).text
    del origin.teams.members[other["id"]][EMAIL]
    answer = await reader.get("/members")
    assert answer.headers["location"] == "/workspaces"
    assert "not in that workspace any more" in (await reader.get("/workspaces")).text
    assert "In Local" in (await reader.get("/members")).text


async def test_origin_hears_which_browser_it_is_for_its_log(origin: FakeOrigin, reader: Reader) -> None:
    await reader.get("/members", headers={"User-Agent": "Lynx/2.9"})
    assert set(origin.agents[-3:]) == {"Lynx/2.9"}


async def test_who_is_in_no_workspace_makes_one(origin: FakeOrigin, reader: Reader) -> None:
    origin.teams.members["ws_1"] = {NEW: "owner"}
    assert (await reader.get("/members")).headers["location"] == "/workspaces"
    assert "You are in no workspace" in (await reader.get("/workspaces")).text
    await reader.send("/workspaces", {"name": "Mine"})
    assert "In Mine" in (await reader.get("/members")).text


async def test_settings_are_saved(origin: FakeOrigin, reader: Reader) -> None:
    origin.teams.domains = [{"slug": "go.example.com", "verified": True}, {"slug": "no.example.com", "verified": False}]
    page = (await reader.get("/settings")).text
    assert "go.example.com" in page
    assert "no.example.com" not in page
    fields = {
        "etag": '"r1"', "name": "Better", "slug": "better", "default_domain": "go.example.com", "redirect_status": "308",
        "forward_query": "append", "do_index": "y", "utm_source": "nearhop",
        "allowed_origins": "https://a.example.com\r\nhttps://b.example.com",
    }  # fmt: skip
    assert (await reader.send("/settings", fields)).headers["location"] == "/settings"
    workspace = origin.teams.workspaces["ws_1"]
    assert (workspace["name"], workspace["slug"], workspace["defaultDomain"]) == ("Better", "better", "go.example.com")
    assert workspace["linkDefaults"] == {
        "redirectStatus": 308, "forwardQuery": "append", "doIndex": True, "utm_source": "nearhop",
    }  # fmt: skip
    assert workspace["allowedOrigins"] == ["https://a.example.com", "https://b.example.com"]
    page = (await reader.get("/settings")).text
    assert "Settings saved" in page
    assert re.search(r'value="308" selected', page)
    stale = await reader.send("/settings", {**fields, "name": "Overwritten"})
    assert stale.status_code == 412
    assert "Somebody else has changed the settings" in stale.text
    assert workspace["name"] == "Better"


async def test_what_is_no_origin_is_said_at_the_field(reader: Reader) -> None:
    fields = {"etag": '"r1"', "name": "N", "slug": "n", "default_domain": "", "allowed_origins": "nothing"}
    answer = await reader.send("/settings", {**fields, "redirect_status": "", "forward_query": ""})
    assert "is not an origin" in answer.text.split('id="allowed_origins-error"')[1]


async def test_a_workspace_is_handed_over(origin: FakeOrigin, reader: Reader) -> None:
    origin.teams.members["ws_1"][NEW] = "member"
    await reader.send("/settings", {"user_id": user_id(NEW)}, "/settings/transfer")
    assert origin.teams.members["ws_1"] == {EMAIL: "admin", NEW: "owner"}


async def test_a_workspace_is_deleted_once_its_slug_is_typed(origin: FakeOrigin, reader: Reader) -> None:
    slug = origin.teams.workspaces["ws_1"]["slug"]
    answer = await reader.send("/settings/delete", {"confirm": "wrong"})
    assert answer.status_code == 422
    assert f"Type {slug}" in answer.text.split('id="confirm-error"')[1]
    assert origin.teams.workspaces
    assert (await reader.send("/settings/delete", {"confirm": slug})).headers["location"] == "/workspaces"
    assert not origin.teams.workspaces


async def test_the_log_shows_what_was_before_and_after(origin: FakeOrigin, reader: Reader) -> None:
    origin.teams.log("ws_1", "link.update", "go/abc", before={"title": "<Old>"}, after={"title": None, "doIndex": True})
    page = (await reader.get("/audit-log")).text
    assert "changed the link" in page
    assert "<code>link.update</code>" in page
    assert "go/abc" in page
    assert "&lt;Old&gt;" in page
    assert "from 192.0.2.7" in page


async def test_the_log_is_paged_both_ways(origin: FakeOrigin, reader: Reader) -> None:
    for number in range(70):
        origin.teams.log("ws_1", "tag.create", f"tag number {number}.")
    first = (await reader.get("/audit-log")).text
    assert "tag number 69." in first
    assert "Newer" not in first
    second = (await reader.get(_link(first, "next"))).text
    assert "tag number 39." in second
    third = (await reader.get(_link(second, "next"))).text
    assert "tag number 0." in third
    assert "Older" not in third
    back = (await reader.get(_link(third, "prev"))).text
    assert re.findall(r"tag number \d+\.", back) == re.findall(r"tag number \d+\.", second)
    top = (await reader.get(_link(back, "prev"))).text
    assert "tag number 69." in top
    assert "Newer" not in top


def _link(page: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" class="[^"]*" href="([^"]*)"', page)
    assert found
    return found[1].replace("&amp;", "&")


async def test_the_log_is_filtered_and_so_is_its_file(origin: FakeOrigin, reader: Reader) -> None:
    origin.teams.log("ws_1", "tag.create", "a tag")
    origin.teams.log("ws_1", "link.create", "a link")
    page = (await reader.get("/audit-log?resource=tag&from=2020-01-01&to=2120-01-01&actor=")).text
    assert "a tag" in page
    assert "a link" not in page
    file = await reader.get("/audit-log.csv?resource=tag")
    assert file.headers["content-type"].startswith("text/csv")
    assert "attachment" in file.headers["content-disposition"]
    assert file.text.splitlines()[1].endswith("tag.create")
    assert len((await reader.get("/audit-log.ndjson")).text.splitlines()) == 2
    assert "Nothing fits" in (await reader.get("/audit-log?to=2020-01-01")).text


async def test_the_log_tells_keys_from_people_and_shows_what_one_key_did(origin: FakeOrigin, reader: Reader) -> None:
    await reader.send("/api-keys", {"name": "local"})
    (key,) = origin.keys.values()
    actor = {"type": "api_key", "id": key["id"], "name": "local", "userId": user_id(EMAIL), "email": EMAIL}
    origin.teams.log("ws_1", "tag.create", "by a key", actor=actor)
    origin.teams.log("ws_1", "tag.create", "by a person")
    page = (await reader.get("/audit-log")).text
    assert "API key local" in page
    assert f'<option value="{key["id"]}">local</option>' in page
    alone = (await reader.get(f"/audit-log?actor={key['id']}")).text
    assert ("by a key" in alone, "by a person" in alone) == (True, False)


async def test_who_may_not_read_the_log_is_told(origin: FakeOrigin, reader: Reader) -> None:
    origin.teams.members["ws_1"] = {EMAIL: "viewer", NEW: "owner"}
    page = await reader.get("/audit-log")
    assert "This takes the role admin" in page.text


async def test_every_form_needs_its_csrf_token(origin: FakeOrigin, reader: Reader) -> None:
    for path in ("/members", "/settings", "/settings/delete", "/workspaces", "/invitation", "/invitation/accept"):
        assert (await reader.http.post(path, data={"confirm": "x", "name": "x"})).status_code == 403, path
    assert origin.teams.workspaces
    assert PASSWORD


async def as_role(origin: FakeOrigin, reader: Reader, role: str) -> None:
    """Let the reader have this role from now on, and the pages know it."""
    origin.teams.members["ws_1"] = {EMAIL: role, "boss@example.com": "owner"}
    await reader.send("/workspaces", {}, "/workspaces/ws_1/choose")


@pytest.mark.parametrize(
    ("role", "pages", "doors"),
    [
        ("viewer", "links analytics events members", ""),
        ("member", "links analytics events members", "edit new"),
        ("admin", "links analytics events api-keys members audit-log settings", "edit new invite"),
        ("owner", "links analytics events api-keys members audit-log settings", "edit new invite"),
    ],
)
async def test_a_role_is_shown_no_door_that_is_shut_for_it(
    origin: FakeOrigin, reader: Reader, role: str, pages: str, doors: str
) -> None:
    link = origin.add_link("https://example.com/", "code")
    await as_role(origin, reader, role)
    texts = [(await reader.get(path)).text for path in ("/links", f"/links/{link['id']}", "/members")]
    assert all(
        re.findall(r'class="rail-link" href="/([a-z-]+)"', text) == pages.split() * 2 for text in texts
    )  # and on phones
    seen = {
        "edit": all(f"/links/{link['id']}/edit" in text for text in texts[:2]),
        "new": 'href="/links/new"' in texts[0] and "quick-url" in texts[0],
        "invite": ">Invite</button>" in texts[2],
    }
    assert [name for name, shown in seen.items() if shown] == doors.split()
    assert (f"/links/{link['id']}/delete" in texts[1]) == ("edit" in doors)


async def test_a_viewer_of_nothing_is_not_told_to_make_links(origin: FakeOrigin, reader: Reader) -> None:
    await as_role(origin, reader, "viewer")
    text = (await reader.get("/links")).text
    assert ("No links yet" in text, "Paste an address above" in text) == (True, False)


async def test_a_role_that_was_taken_away_shows_after_the_first_refusal(origin: FakeOrigin, reader: Reader) -> None:
    await as_role(origin, reader, "admin")
    origin.teams.members["ws_1"][EMAIL] = "viewer"
    refused = await reader.get("/audit-log")
    assert refused.status_code == 403
    assert 'href="/audit-log"' not in (await reader.get("/links")).text
