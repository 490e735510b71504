"""What the origin in memory checks of a link's options, and the tags of its workspace."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.origin_fake_accounts import Problem

NOTHING: dict[str, Any] = {
    "title": None, "comments": None, "archived": False, "expiresAt": None, "expiredUrl": None, "disabledAt": None,
    "password": None, "proxy": False, "description": None, "image": None, "ios": None, "android": None, "geo": None,
    "testVariants": None, "trackConversion": False, "redirect": None, "tags": [],
    **{f"utm_{name}": None for name in ("source", "medium", "campaign", "term", "content")},
}  # fmt: skip
MASK = "********"
_MOST_TAG = 50


@dataclass
class FakeTags:
    """`tags` by id."""

    allow: Callable[[Request], None]
    tags: dict[str, dict[str, Any]] = field(default_factory=dict)

    def routes(self) -> list[BaseRoute]:
        return [Route("/api/v1/tags", self._tags, methods=["GET", "POST"])]

    def add(self, name: str) -> dict[str, Any]:
        """A tag as the API shows it; raises Problem as the API refuses one."""
        if len(name) > _MOST_TAG:
            raise Problem(422, "name: Expected `str` of length <= 50.")
        if name.lower() in {each["name"].lower() for each in self.tags.values()}:
            raise Problem(409, f"name: there is a tag {name!r} already.")
        made = {"id": f"tag_{len(self.tags) + 1}", "name": name, "color": "blue"}
        self.tags[made["id"]] = made
        return made

    async def _tags(self, request: Request) -> Response:
        self.allow(request)
        if request.method == "POST":
            return JSONResponse(self.add((await request.json())["name"]), 201)
        return JSONResponse(sorted(self.tags.values(), key=lambda each: str(each["name"])))

    def chosen(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields with the tags in place of their ids and names, where either is given."""
        ids, names = fields.pop("tagIds", None), fields.pop("tagNames", None)
        if ids is None and names is None:
            return fields
        wanted = [each.lower() for each in names or ()]
        found = [each for each in self.tags.values() if each["id"] in (ids or ()) or each["name"].lower() in wanted]
        return {**fields, "tags": found}


def checked(fields: dict[str, Any]) -> dict[str, Any]:
    """A link's options as they are shown; raises Problem naming the field."""
    named = [(name, fields.get(name)) for name in ("expiredUrl", "ios", "android")]
    named += [(f"geo.{country}", url) for country, url in (fields.get("geo") or {}).items()]
    named += [(f"testVariants[{n}].url", each["url"]) for n, each in enumerate(fields.get("testVariants") or [])]
    for name, url in named:
        if url and urlsplit(url).scheme not in ("http", "https"):
            raise Problem(422, f"{name}: it is not a web address: begin it with https:// or http://.")
    if "password" in fields:
        return {**fields, "password": MASK if fields["password"] else None}
    return fields
