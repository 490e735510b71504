"""What a workspace's new links get where they say nothing of it themselves."""

from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.links import utm
from origin.links.model import NewLink, wire_name
from origin.links.redirects import Redirect
from origin.storage.tables import workspaces

_FLAGS = ("track_conversion", "do_index")
Parameter = Annotated[str, Meta(min_length=1, max_length=2_000)]


class LinkDefaults(msgspec.Struct, kw_only=True, rename=wire_name, forbid_unknown_fields=True, omit_defaults=True):
    """Defaults of new links. `redirectStatus` and `forwardQuery` are for links without a `redirect` of their own.

    A utm parameter is added to the URL, unless that or the link's own field names it already.
    """

    redirect_status: Literal[301, 302, 307, 308] | None = None
    forward_query: Literal["append", "override"] | None = None
    track_conversion: bool | None = None
    do_index: bool | None = None
    utm_source: Parameter | None = None
    utm_medium: Parameter | None = None
    utm_campaign: Parameter | None = None
    utm_term: Parameter | None = None
    utm_content: Parameter | None = None

    def fill(self, body: NewLink) -> NewLink:
        """The link with what it left out."""
        given: dict[str, Any] = {name: getattr(self, name) for name in (*_FLAGS, *utm.FIELDS)}
        in_url = utm.read(body.url)
        missing = {
            name: value
            for name, value in given.items()
            if value is not None and getattr(body, name) is UNSET and in_url.get(name) is None
        }
        if body.redirect is UNSET and (self.redirect_status or self.forward_query):
            status = self.redirect_status or Redirect().status
            missing["redirect"] = Redirect(status=status, forward_query=self.forward_query)
        return msgspec.structs.replace(body, **missing)


async def of_workspace(connection: AsyncConnection, workspace_id: int) -> LinkDefaults:
    """The workspace's defaults."""
    select = sa.select(workspaces.c.link_defaults).where(workspaces.c.id == workspace_id)
    stored = (await connection.execute(select)).scalar_one_or_none()
    return LinkDefaults() if stored is None else msgspec.convert(stored, LinkDefaults)
