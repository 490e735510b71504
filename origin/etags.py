"""ETags of what is edited, so that two editors do not overwrite each other.

A tag names the edit, not the bytes: a click changes what is shown of a link, and must not keep an editor out.
"""

import re
from dataclasses import dataclass

from starlette.requests import Request

from origin.problems import PreconditionFailed

# For the OpenAPI document.
IF_MATCH = (("If-Match", "The ETag of what you read: if that has changed since, the answer is 412."),)
_TAG = re.compile(r'"r(\d{1,18})"')


@dataclass(frozen=True, slots=True)
class Expected:
    """The revisions that a caller may have read; None for any."""

    revisions: frozenset[int] | None

    def check(self, revision: int, what: str = "link") -> None:
        """Raise PreconditionFailed where there has been another edit by now."""
        if self.revisions is not None and revision not in self.revisions:
            raise PreconditionFailed(
                f"If-Match: somebody has changed this {what} since you read it; its ETag is {etag(revision)} now. "
                "Read it again, and change what is there now."
            )


ANY = Expected(None)


def etag(revision: int) -> str:
    """The ETag of a revision."""
    return f'"r{revision}"'


def expected(request: Request) -> Expected:
    """What the header If-Match allows; everything without one."""
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return ANY
    return Expected(frozenset(int(number) for number in _TAG.findall(given)))
