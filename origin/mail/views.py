"""The page of the local mailbox. Only on the machine itself: its letters hold links that let people in."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from origin.look import POLICY, pages
from origin.mail.mailbox import Mailbox
from origin.problems import NotFound

PATH = "/local/mailbox"
_THIS_MACHINE = {"127.0.0.1", "::1", "localhost", "[::1]"}
_HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
# A letter brings its own styles along, and nothing else.
_OF_LETTERS = {
    **_HEADERS,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}

_pages = pages("origin.mail")


def routes(mailbox: Mailbox) -> list[BaseRoute]:
    """GET /local/mailbox and a letter of it."""

    async def index(request: Request) -> Response:
        _only_here(request)
        return HTMLResponse(_pages.get_template("mailbox.html").render(letters=mailbox.letters()), headers=_HEADERS)

    async def letter(request: Request) -> Response:
        _only_here(request)
        found = mailbox.get(request.path_params["name"])
        body = found.message.get_body(("html",)) if found else None
        if body is None:
            raise NotFound("There is no such letter in the mailbox.")
        return HTMLResponse(body.get_content(), headers=_OF_LETTERS)

    return [Route(PATH, index), Route(f"{PATH}/{{name}}", letter)]


def _only_here(request: Request) -> None:
    """Raises NotFound for whoever calls from elsewhere, or by a name that a foreign site has given this address."""
    client = request.client.host if request.client else ""
    asked = urlsplit(f"//{request.headers.get('Host', '')}").hostname
    if client not in _THIS_MACHINE or asked not in _THIS_MACHINE:
        raise NotFound("The mailbox is for browsers on the same machine.")
