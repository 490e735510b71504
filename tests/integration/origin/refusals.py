"""What is well formed by the OpenAPI document and refused all the same: each such answer, and why no schema foretells it."""

import re
from typing import Any, NamedTuple

from schemathesis import Case, Response
from schemathesis.checks import CheckContext

# Of well-formed calls. What is not there (404) or is taken (409) only the database knows.
ACCEPTED = {404, 409}


class Refusal(NamedTuple):
    """A status with words in its message, of the operations whose `METHOD /path` matches."""

    status: int
    operations: str
    message: str
    why: str


REFUSALS = (
    # Who calls.
    Refusal(401, r"POST /auth/(login|refresh)", r"wrong|no refresh token", "nobody guesses a password or a token"),
    Refusal(403, r"POST /domains/register", r"sells no domains", "Dub's operation, which Nearhop does not have"),
    Refusal(422, r".* /(auth|invitations|me).*", r"^(token|credential|state|code): ", "secrets are not guessed"),
    Refusal(410, r"POST /invitations/.*", r"^This invitation has expired", "nor an invitation's token"),
    Refusal(403, r".* /me.*", r"[pP]assword|code", "nor the caller's own password"),
    Refusal(
        429, r".* /(auth|invitations|me|workspaces).*", r"^Too many tries", "letters and guesses are few by address"
    ),
    # What is named and is not there, or may not be named.
    Refusal(422, r".*", r"there is no .*(in this workspace|to begin at)", "ids come from other answers"),
    Refusal(422, r".*", r"^There is no entry", "ids come from other answers"),
    Refusal(422, r".*", r"time zone", "zones are a list that changes twice a year"),
    Refusal(
        422, r".* /links.*", r"^(key|prefix): ", "codes below a link are counted, and keyLength takes a prefix's room"
    ),
    Refusal(422, r".* /links.*", r"^domain: ", "a domain is the workspace's own"),
    Refusal(422, r".* /domains.*", r"^(slug|domain): ", "what a domain is takes IDNA to tell; it can't be renamed"),
    Refusal(422, r".* /domains.*", r"^(assetLinks|appleAppSiteAssociation): ", "the text is JSON"),
    Refusal(422, r".* /(links|domains|workspaces).*", r"host|bytes|IP address|port number", "what a URL's host is"),
    Refusal(422, r".* /links.*", r"app's URL", "schemes are of any case"),
    Refusal(422, r".* /track/.*", r"^metadata: as JSON", "how long it is as JSON"),
    Refusal(422, r"POST /links/{linkId}/open-again", r"not a one-time link", "by what the link is"),
    # Fields that go together.
    Refusal(422, r"GET .*", r"^endingBefore: give either this", "of two parameters, one"),
    Refusal(422, r"GET /links/info", r"^Name the link", "one of three ways to name it"),
    Refusal(422, r"GET /(analytics|events).*", r"clicks have none|only leads|^groupBy: ", "what goes with which event"),
    Refusal(
        422, r"GET /(analytics|events).*", r"needs `|^linkId: name|^parameter: name", "one parameter needs another"
    ),
    Refusal(422, r"GET /(analytics|events).*", r"names no value|^query: |^cursor: |^page: beyond", "small languages"),
    Refusal(422, r"GET .*", r"^(start: it must be before|end: it needs `start`)", "a period has an order"),
    Refusal(422, r"GET .*", r"^(start|end): .*(is outside the years|the year is)", "clicks are not that old"),
    Refusal(422, r".* /links.*", r"^testVariants: the percentages", "they add up to 100"),
    Refusal(
        422, r"GET /qr", r"^(fgColor|url|frameText|logo): ", "contrast, size by level, letters of a font, a picture"
    ),
    Refusal(
        422, r"PATCH /workspaces/.*", r"^allowedOrigins: there are 20", "each counts once, however often it is named"
    ),
    # What the clock says.
    Refusal(422, r".* /api-keys.*", r"^expiresAt: ", "in the future"),
    Refusal(422, r".* /links.*", r"^disabledAt: ", "not in the future"),
    # Lists in a query are joined by commas: an empty text is none, and one that has a comma is two.
    Refusal(422, r"(GET|DELETE) .*", r"Expected `array` of length", "texts have commas, or are empty"),
)


def accepted_or_refused_for_a_reason(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """A well-formed call succeeds, but for what only the database knows, and for the reasons above."""
    del ctx
    status = response.status_code
    well_formed = case.meta is not None and case.meta.generation.mode.is_positive
    if not well_formed or 200 <= status < 300 or status in ACCEPTED:  # success
        return None
    if status == 412 and "If-Match" in case.headers:  # nobody has the ETag of what was not read
        return None
    called, message = f"{case.operation.method.upper()} {case.operation.path}", response.json()["error"]["message"]
    assert any(
        status == each.status and re.fullmatch(each.operations, called) and re.search(each.message, message)
        for each in REFUSALS
    ), f"{called} answers a well-formed call with {status}: {message}"
    return None
