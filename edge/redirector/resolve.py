"""Where a link leads right now, and which visitor where."""

from dataclasses import dataclass

from redirector import destination
from redirector.behaviour import DEFAULT_STATUS, Behaviour
from redirector.plan import Target
from redirector.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the visitor on; `counts` says whether it is a visit of the link."""

    status: int
    url: str
    target: Target
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Gone:
    """The link is known and does not lead anywhere; `reason` names the page to show."""

    reason: str


def closed(behaviour: Behaviour, now: float, expired_url: str) -> Redirect | Gone | None:
    """The answer of a link that is not open at unix second `now`; `expired_url` is its domain's."""
    if behaviour.disabled:
        return Gone("blocked" if behaviour.blocked else "disabled")
    if now < behaviour.starts_at:
        return Gone("early")
    if behaviour.capped or now >= behaviour.expires_at:
        url = behaviour.expired_url or expired_url
        # Not the link's own destination, so not one of its clicks.
        return Redirect(DEFAULT_STATUS, url, Target(url), counts=False) if url else Gone("expired")
    return None


def lead(behaviour: Behaviour, url: str, visitor: Visitor, salt: str, rest: str, click_id: str) -> Redirect:
    """Where an open link leads: its rules decide, then come path, query and parameters."""
    target = behaviour.plan.target(visitor, salt) if behaviour.plan else Target(url)
    sent = destination.build(target.url, behaviour.additions, rest, visitor.raw_query, click_id)
    return Redirect(behaviour.status, sent, target)
