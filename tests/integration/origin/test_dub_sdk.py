"""Dub's published Python SDK, unmodified, against a real server on loopback."""

from collections.abc import Iterator

import pytest
from dub import Dub
from dub.models import errors, operations
from dub.models.operations import RequestBody

from tests.integration.origin.served import Served

# The SDK warns about the deprecated fields that its own models have.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def served(postgres_url: str) -> Iterator[Served]:
    with Served(postgres_url) as running:
        yield running


@pytest.fixture
def dub(served: Served) -> Iterator[Dub]:
    with Dub(token=served.account.api_key, server_url=served.url, timeout_ms=30_000) as client:
        yield client


def test_a_link_from_its_making_to_its_end(dub: Dub, served: Served) -> None:
    made = dub.links.create(request={"url": "https://example.com/sdk", "external_id": "sdk-1", "comments": "Hi"})
    assert made is not None
    assert (made.url, made.workspace_id, made.comments) == (
        "https://example.com/sdk",
        served.account.workspace_id,
        "Hi",
    )
    assert dub.links.get(request={"link_id": made.id}) == made
    assert dub.links.get(request={"external_id": "ext_sdk-1"}) == made
    assert dub.links.get(request={"domain": made.domain, "key": made.key}) == made
    changed = dub.links.update(link_id=made.id, request_body={"title": "T", "comments": None})
    assert (changed.title, changed.comments) == ("T", None)
    upserted = dub.links.upsert(request={"url": "https://example.com/sdk", "title": "U"})
    assert upserted is not None
    assert (upserted.id, upserted.title) == (made.id, "U")
    assert dub.links.delete(link_id="ext_sdk-1").id == made.id
    with pytest.raises(errors.NotFound):
        dub.links.get(request={"link_id": made.id})


def test_lists_page_themselves_and_are_counted(dub: Dub) -> None:
    wanted = [RequestBody(url=f"https://example.com/{n}", tenant_id="pages") for n in range(5)]
    made = dub.links.create_many(request=wanted)
    assert len(made) == 5
    assert dub.links.count(request={"tenant_id": "pages"}) == 5
    seen = []
    page = dub.links.list(request={"tenant_id": "pages", "page_size": 2})
    while page is not None:
        seen += [link.url for link in page.result]
        page = page.next()
    assert sorted(seen) == [f"https://example.com/{n}" for n in range(5)]


def test_one_bad_link_among_many_is_named(dub: Dub) -> None:
    wanted = [RequestBody(url="https://example.com/good"), RequestBody(url="nonsense")]
    good, bad = dub.links.create_many(request=wanted)
    assert good.url == "https://example.com/good"  # type: ignore[union-attr]  # the first is no error
    assert bad.code == "unprocessable_entity"  # type: ignore[union-attr]  # the second is


def test_a_code_of_five_characters(dub: Dub) -> None:
    made = dub.links.create(request={"url": "https://example.com/", "key_length": 5})
    assert made is not None
    assert len(made.key) == 5


def test_a_prefix_before_a_made_up_code(dub: Dub) -> None:
    made = dub.links.create(request={"url": "https://example.com/prefixed", "prefix": "/c/", "webhook_ids": []})
    assert made is not None
    assert made.key.startswith("c/")
    assert made.short_link.endswith(f"/{made.key}")
    assert made.webhook_ids == []
    assert dub.links.get(request={"domain": made.domain, "key": made.key}) == made
    changed = dub.links.update(link_id=made.id, request_body={"key": "guide/start", "webhook_ids": None})
    assert changed.key == "guide/start"
    upserted = dub.links.upsert(request={"url": "https://example.com/upserted", "prefix": "c"})
    assert upserted is not None
    assert upserted.key.startswith("c/")
    many = dub.links.create_many(request=[RequestBody(url="https://example.com/", prefix="c") for _ in range(3)])
    assert all(each.key.startswith("c/") for each in many)  # type: ignore[union-attr]  # none of them is an error
    for field in ({"prefix": "a//b"}, {"webhookIds": ["wh_1"]}):
        body = operations.CreateLinkRequestBody.model_validate({"url": "https://example.com/", **field})
        with pytest.raises(errors.UnprocessableEntity):
            dub.links.create(request=body)


def test_refusals_are_the_sdks_own_exceptions(dub: Dub, served: Served) -> None:
    with pytest.raises(errors.UnprocessableEntity) as refused:
        dub.links.create(request={"url": "javascript:alert(1)"})
    assert refused.value.data.error.code == "unprocessable_entity"
    dub.links.create(request={"url": "https://example.com/", "key": "sdk-taken"})
    with pytest.raises(errors.Conflict):
        dub.links.create(request={"url": "https://example.com/", "key": "sdk-taken"})
    with pytest.raises(errors.NotFound):
        dub.links.delete(link_id="link_zzzz")
    with Dub(token="nh_wrong", server_url=served.url) as nobody, pytest.raises(errors.Unauthorized):
        nobody.links.list(request={})


def test_qr_codes(dub: Dub) -> None:
    assert "PNG" in dub.qr_codes.get(request={"url": "https://example.com/", "size": 300})


def test_tags_from_their_making_to_their_end(dub: Dub) -> None:
    tag = dub.tags.create(request=operations.CreateTagRequestBody.model_validate({"name": "sdk-tag", "color": "green"}))
    assert tag is not None
    assert (tag.name, tag.color) == ("sdk-tag", "green")
    changed = dub.tags.update(id=tag.id, request_body={"name": "sdk-tag-2"})
    assert changed is not None
    assert changed.name == "sdk-tag-2"
    listed = dub.tags.list(request={"ids": [tag.id], "search": "sdk"})
    assert [each.id for each in listed or []] == [tag.id]
    link = dub.links.create(request={"url": "https://example.com/tagged", "tag_ids": [tag.id]})
    assert link is not None
    found = dub.links.list(request={"tag_ids": [tag.id], "with_tags": True})
    assert found is not None
    assert [(each.id, each.tags) for each in found.result] == [(link.id, link.tags)]
    assert [each.id for each in link.tags or []] == [tag.id]
    with pytest.raises(errors.Conflict):
        dub.tags.create(request={"name": "SDK-tag-2"})
    assert dub.tags.delete(id=tag.id).id == tag.id
    with pytest.raises(errors.NotFound):
        dub.tags.delete(id=tag.id)


def test_folders_from_their_making_to_their_end(dub: Dub) -> None:
    folder = dub.folders.create(
        request=operations.CreateFolderRequestBody.model_validate({"name": "sdk-folder", "accessLevel": "write"})
    )
    assert folder is not None
    changed = dub.folders.update(id=folder.id, request_body={"description": "D"})
    assert changed is not None
    assert (changed.name, changed.description) == ("sdk-folder", "D")
    link = dub.links.create(request={"url": "https://example.com/in-folder", "folder_id": folder.id})
    assert link is not None
    assert dub.links.count(request={"folder_id": folder.id}) == 1
    assert [each.id for each in dub.folders.list(request={"search": "SDK"}) or []] == [folder.id]
    assert dub.folders.delete(id=folder.id).id == folder.id


def test_domains_from_their_making_to_their_end(dub: Dub) -> None:
    domain = dub.domains.create(request={"slug": "sdk.example.org", "not_found_url": "https://example.com/404"})
    assert domain is not None
    assert (domain.slug, domain.verified) == ("sdk.example.org", False)
    changed = dub.domains.update(slug=domain.slug, request_body={"expired_url": "https://example.com/over"})
    assert changed is not None
    assert changed.expired_url == "https://example.com/over"
    listed = dub.domains.list(request={"search": "sdk."})
    assert listed is not None
    assert [each.slug for each in listed.result] == [domain.slug]
    (status,) = dub.domains.check_status(request={"domains": "sdk.example.org"}) or []
    assert not status.available
    with pytest.raises(errors.Forbidden):
        dub.domains.register(request={"domain": "sdk.example.org"})
    deleted = dub.domains.delete(slug=domain.slug)
    assert deleted is not None
    assert deleted.slug == domain.slug


def test_many_links_are_changed_and_deleted(dub: Dub) -> None:
    made = dub.links.create_many(request=[RequestBody(url=f"https://example.com/many/{n}") for n in range(3)])
    ids = [str(each.id) for each in made]  # type: ignore[union-attr]  # none of them is an error
    changed = dub.links.update_many(request={"link_ids": ids, "data": {"title": "Many"}})
    assert {each.title for each in changed} == {"Many"}
    deleted = dub.links.delete_many(request={"link_ids": ids})
    assert deleted is not None
    assert deleted.deleted_count == 3


def test_every_field_of_a_link(dub: Dub) -> None:
    body = operations.CreateLinkRequestBody.model_validate(
        {
            "url": "https://example.com/all",
            "expiresAt": "2031-01-01T00:00:00Z",
            "expiredUrl": "https://example.com/over",
            "password": "secret",
            "geo": {"DE": "https://example.com/de"},
            "ios": "https://example.com/ios",
            "testVariants": [
                {"url": "https://example.com/a", "percentage": 50},
                {"url": "https://example.com/b", "percentage": 50},
            ],
            "proxy": True,
            "doIndex": True,
            "trackConversion": True,
        }
    )
    made = dub.links.create(request=body)
    assert made is not None
    assert made.expires_at is not None
    assert made.password == "********"
    assert (made.proxy, made.do_index, made.track_conversion) == (True, True, True)
    assert made.test_variants is not None
    assert [getattr(each, "percentage", None) for each in made.test_variants] == [50, 50]
