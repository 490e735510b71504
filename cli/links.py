"""`nearhop links create`, `list` and `delete`."""

import sys
import uuid
from typing import Annotated, Any

import typer

from cli.console import counted, err, note, say, show_json
from cli.errors import CliError, UsageError
from cli.listing import show
from cli.naming import find_link
from cli.session import client
from shared.typed_url import with_scheme

Json = Annotated[bool, typer.Option("--json", help="Print JSON, as the API answers it.")]


def create(
    url: Annotated[str, typer.Argument(help="Where the link leads; https:// is added where nothing is in front.")],
    key: Annotated[str, typer.Option(help="The code behind the slash; made up when missing.")] = "",
    prefix: Annotated[str, typer.Option(help="What a made-up code stands behind: `c` makes c/7xKd2mQ.")] = "",
    domain: Annotated[str, typer.Option(help="A short domain of yours; the usual one when missing.")] = "",
    title: Annotated[str, typer.Option(help="A title, for yourself.")] = "",
    comments: Annotated[str, typer.Option(help="A note, for yourself.")] = "",
    external_id: Annotated[str, typer.Option(help="Your own id of the link: at most one link has it.")] = "",
    as_json: Json = False,
) -> None:
    """Shorten a URL and print the short link."""
    given = {"key": key, "prefix": prefix, "domain": domain, "title": title, "comments": comments}
    given["externalId"] = external_id
    address = with_scheme(url.strip())
    if address != url.strip():
        note(f"{url.strip()} has no https:// in front: it is taken as {address}")
    body = {"url": address, **{name: value for name, value in given.items() if value}}
    with client() as origin:
        link = origin.post("/links", body, idempotency_key=uuid.uuid4().hex)
    show_json(link) if as_json else say(link["shortLink"])


def show_list(
    search: Annotated[str, typer.Option(help="Only links with this in their code, URL or title.")] = "",
    domain: Annotated[str, typer.Option(help="Only links of this short domain.")] = "",
    page: Annotated[int, typer.Option(min=1)] = 1,
    page_size: Annotated[int, typer.Option(min=1, max=100)] = 50,
    archived: Annotated[bool, typer.Option("--archived", help="Archived links too.")] = False,
    as_json: Json = False,
) -> None:
    """List links, the newest first."""
    given = {"search": search, "domain": domain, "showArchived": "true" if archived else ""}
    wanted = {name: value for name, value in given.items() if value}
    with client() as origin:
        links = origin.get("/links", page=page, pageSize=page_size, **wanted)
        if as_json:
            show_json(links)
            return
        total = int(origin.get("/links/count", **wanted))
    show(links)
    first = (page - 1) * page_size + 1
    note(
        f"{first} to {first + len(links) - 1} of {counted(total, 'link')}"
        if links
        else f"no links here, {total} in all"
    )


def delete(
    names: Annotated[
        list[str], typer.Argument(metavar="LINK...", help="Codes, short links or ids (link_..., ext_...).")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete links. Their short links stop working; their codes are free again."""
    with client() as origin:
        found = [find_link(origin, name) for name in names]
        if not yes:
            _confirm(found)
        deleted = [origin.delete(f"/links/{link['id']}") for link in found]
    if as_json:
        show_json(deleted)
        return
    for link in found:
        say(f"deleted {link['shortLink']} -> {link['url']}")


def _confirm(found: list[dict[str, Any]]) -> None:
    if not sys.stdin.isatty():
        raise UsageError("There is nobody to ask: add --yes to delete")
    for link in found:
        note(f"{link['shortLink']} -> {link['url']}, {counted(int(link['clicks']), 'click')}")
    err().print("Delete? [y/N] ", end="")
    if input().strip().lower() not in {"y", "yes"}:
        raise CliError("Nothing was deleted.")
