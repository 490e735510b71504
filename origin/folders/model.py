"""What a folder is on the wire."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

AccessLevel = Literal["write", "read"]


class Folder(msgspec.Struct, rename="camel"):
    """A place for links; a link is in one folder at most."""

    id: str
    name: str
    description: str | None
    type: Literal["default", "mega"]
    access_level: AccessLevel | None
    created_at: datetime
    updated_at: datetime


class FolderChange(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to change about a folder. `accessLevel` is kept and shown; what members may do, their roles decide."""

    name: Annotated[str, Meta(min_length=1, max_length=190)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=500)] | UnsetType | None = UNSET
    access_level: AccessLevel | UnsetType | None = UNSET


class NewFolder(FolderChange, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A folder to make."""

    name: Annotated[str, Meta(min_length=1, max_length=190)]


class FolderFilter(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which folders."""

    search: Annotated[str, Meta(max_length=500)] | None = None
    page: Annotated[int, Meta(ge=1, le=100_000)] = 1
    page_size: Annotated[int, Meta(ge=1, le=100)] = 50
