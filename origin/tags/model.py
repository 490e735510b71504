"""What a tag is on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Color = Literal["red", "yellow", "green", "blue", "purple", "brown", "gray", "pink"]
TagName = Annotated[str, Meta(min_length=1, max_length=50)]


class Tag(msgspec.Struct):
    """A mark that many links may carry. Names differ within a workspace by more than upper and lower case."""

    id: str
    name: str
    color: Color


class TagFields(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A tag to make or to change; `tag` is the old name of `name`."""

    name: TagName | UnsetType = UNSET
    tag: TagName | UnsetType = UNSET
    color: Color | UnsetType = UNSET


# It has a name, by either of its names.
NewTag = Annotated[TagFields, Meta(extra_json_schema={"anyOf": [{"required": ["name"]}, {"required": ["tag"]}]})]


class TagFilter(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which tags, in which order. `ids` may be repeated: `?ids=tag_1&ids=tag_2`."""

    sort_by: Literal["name", "createdAt"] = "name"
    sort_order: Literal["asc", "desc"] = "asc"
    search: Annotated[str, Meta(max_length=500)] | None = None
    ids: Annotated[list[str], Meta(max_length=100)] | None = None
    page: Annotated[int, Meta(ge=1, le=100_000)] = 1
    page_size: Annotated[int, Meta(ge=1, le=100)] = 100
