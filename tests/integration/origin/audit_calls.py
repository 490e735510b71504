"""How each operation is called so that it changes something. One that has nothing to note is in `NOTHING` of audit_world.py."""

import secrets

import httpx

from tests.factories import new_domain
from tests.integration.origin.audit_world import CALLS, World, call
from tests.letters import PASSWORD, new_email

__all__ = ["CALLS"]


@call("postLinks")
async def _(world: World) -> httpx.Response:
    world.secrets.append(password := secrets.token_hex(8))
    return await world.call("POST", "/links", {"url": "https://example.com/", "password": password})


@call("putLinksUpsert")
async def _(world: World) -> httpx.Response:
    await world.link()
    return await world.call("PUT", "/links/upsert", {"url": "https://example.com/", "title": "New"})


@call("postLinksBulk")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", "/links/bulk", [{"url": "https://example.com/"}] * 3)


@call("patchLinksBulk")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", "/links/bulk", {"linkIds": [await world.link()], "data": {"archived": True}})


@call("deleteLinksBulk")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", "/links/bulk", params={"linkIds": await world.link()})


@call("patchLinksLinkId")
async def _(world: World) -> httpx.Response:
    world.secrets.append(password := secrets.token_hex(8))
    return await world.call("PATCH", f"/links/{await world.link()}", {"password": password})


@call("deleteLinksLinkId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/links/{await world.link()}")


@call("postLinksLinkIdVersionsVersionRestore")
async def _(world: World) -> httpx.Response:
    link = await world.link(title="First")
    await world.call("PATCH", f"/links/{link}", {"title": "Second"})
    return await world.call("POST", f"/links/{link}/versions/1/restore")


@call("postLinksLinkIdOpenAgain")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", f"/links/{await world.link(redirect={'oneTime': True})}/open-again")


@call("putLinksLinkIdQuarantine")
async def _(world: World) -> httpx.Response:
    return await world.call("PUT", f"/links/{await world.link()}/quarantine", {"action": "warn", "reason": "spam"})


@call("deleteLinksLinkIdQuarantine")
async def _(world: World) -> httpx.Response:
    path = f"/links/{await world.link()}/quarantine"
    await world.call("PUT", path, {"action": "warn", "reason": "spam"})
    return await world.call("DELETE", path)


@call("postReportsReportIdSettle")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", f"/reports/{await world.report()}/settle", {"outcome": "warned"})


@call("patchCustomersCustomerId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"/customers/{await world.customer()}", {"name": "Grace"})


@call("deleteCustomersCustomerId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/customers/{await world.customer()}")


@call("patchWorkspacesWorkspaceIdAttribution")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"{world.workspace}/attribution", {"windowDays": 7})


@call("postLinksLinkIdAliases")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", f"/links/{await world.link()}/aliases", {})


@call("deleteLinksLinkIdAliasesAliasId")
async def _(world: World) -> httpx.Response:
    link = await world.link()
    return await world.call("DELETE", f"/links/{link}/aliases/{await world.make(f'/links/{link}/aliases')}")


@call("postTags")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", "/tags", {"name": "mine"})


@call("patchTagsTagId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"/tags/{await world.make('/tags', name='mine')}", {"name": "ours"})


@call("deleteTagsTagId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/tags/{await world.make('/tags', name='mine')}")


@call("postFolders")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", "/folders", {"name": "mine"})


@call("patchFoldersFolderId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"/folders/{await world.make('/folders', name='mine')}", {"name": "ours"})


@call("deleteFoldersFolderId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/folders/{await world.make('/folders', name='mine')}")


@call("postDomains")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", "/domains", {"slug": f"{secrets.token_hex(5)}.example.org"})


@call("patchDomainsSlug")
async def _(world: World) -> httpx.Response:
    slug = await new_domain(world.engine, world.owner.actor.workspace_id)
    return await world.call("PATCH", f"/domains/{slug}", {"notFoundUrl": "https://example.com/gone"})


@call("deleteDomainsSlug")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/domains/{await new_domain(world.engine, world.owner.actor.workspace_id)}")


@call("postDomainsSlugVerify")
async def _(world: World) -> httpx.Response:
    slug = await new_domain(world.engine, world.owner.actor.workspace_id)  # whose records are gone
    return await world.call("POST", f"/domains/{slug}/verify")


@call("postApiKeys")
async def _(world: World) -> httpx.Response:
    made = await world.call("POST", "/api-keys", {"name": "mine"})
    world.secrets.append(made.json()["key"])
    return made


@call("patchApiKeysId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"/api-keys/{await world.make('/api-keys', name='mine')}", {"name": "ours"})


@call("postApiKeysIdRotate")
async def _(world: World) -> httpx.Response:
    key = await world.make("/api-keys", name="mine")
    made = await world.call("POST", f"/api-keys/{key}/rotate", {"overlapSeconds": 60})
    world.secrets.append(made.json()["key"])
    return made


@call("deleteApiKeysId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"/api-keys/{await world.make('/api-keys', name='mine')}")


@call("postWorkspaces")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", "/workspaces", {"name": "Another"})


@call("patchWorkspacesWorkspaceId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", world.workspace, {"allowedOrigins": ["https://app.example.com"]})


@call("deleteWorkspacesWorkspaceId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", world.workspace)


@call("patchWorkspacesWorkspaceIdMembersUserId")
async def _(world: World) -> httpx.Response:
    return await world.call("PATCH", f"{world.workspace}/members/{await world.member()}", {"role": "admin"})


@call("deleteWorkspacesWorkspaceIdMembersUserId")
async def _(world: World) -> httpx.Response:
    return await world.call("DELETE", f"{world.workspace}/members/{await world.member()}")


@call("postWorkspacesWorkspaceIdLeave")
async def _(world: World) -> httpx.Response:
    await world.member("owner")
    return await world.call("POST", f"{world.workspace}/leave")


@call("postWorkspacesWorkspaceIdTransfer")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", f"{world.workspace}/transfer", {"userId": await world.member()})


@call("postWorkspacesWorkspaceIdInvitations")
async def _(world: World) -> httpx.Response:
    return await world.call("POST", f"{world.workspace}/invitations", {"email": new_email()})


@call("postWorkspacesWorkspaceIdInvitationsInvitationIdResend")
async def _(world: World) -> httpx.Response:
    made = await world.make(f"{world.workspace}/invitations", email=new_email())
    return await world.call("POST", f"{world.workspace}/invitations/{made}/resend")


@call("deleteWorkspacesWorkspaceIdInvitationsInvitationId")
async def _(world: World) -> httpx.Response:
    made = await world.make(f"{world.workspace}/invitations", email=new_email())
    return await world.call("DELETE", f"{world.workspace}/invitations/{made}")


@call("postInvitationsAccept")
async def _(world: World) -> httpx.Response:
    email, headers = await world.person()
    return await world.call("POST", "/invitations/accept", {"token": await world.invited(email)}, headers=headers)


@call("postInvitationsRegister")
async def _(world: World) -> httpx.Response:
    token = await world.invited(new_email())
    return await world.call("POST", "/invitations/register", {"token": token, "password": PASSWORD})


@call("postAuthVerify")
async def _(world: World) -> httpx.Response:
    email = new_email()
    await world.call("POST", "/auth/register", {"email": email, "password": PASSWORD})
    return await world.call("POST", "/auth/verify", {"token": await world.token("register", email)})


@call("postAuthResetPassword")
async def _(world: World) -> httpx.Response:
    email, _ = await world.person()
    await world.call("POST", "/auth/forgot-password", {"email": email})
    body = {"token": await world.token("reset", email), "password": PASSWORD}
    return await world.call("POST", "/auth/reset-password", body)


@call("postAuthConfirmEmail")
async def _(world: World) -> httpx.Response:
    _, headers = await world.person()
    email = new_email()
    await world.call("POST", "/me/email", {"email": email, "password": PASSWORD}, headers=headers)
    return await world.call("POST", "/auth/confirm-email", {"token": await world.token("change_email", email)})


@call("patchMe")
async def _(world: World) -> httpx.Response:
    _, headers = await world.person()
    return await world.call("PATCH", "/me", {"name": "Grace"}, headers=headers)


@call("postMePassword")
async def _(world: World) -> httpx.Response:
    _, headers = await world.person()
    world.secrets.append(password := secrets.token_hex(12))
    body = {"currentPassword": PASSWORD, "password": password}
    return await world.call("POST", "/me/password", body, headers=headers)


@call("deleteMe")
async def _(world: World) -> httpx.Response:
    _, headers = await world.person()
    return await world.call("DELETE", "/me", {"password": PASSWORD}, headers=headers)
