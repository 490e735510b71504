"""What a visitor of a link meets instead of its destination, from what the API says of it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.origin_types import Link


@dataclass(frozen=True, slots=True)
class LinkState:
    """A few words, what they mean, and a time where they end in one; `closed` links lead no visitor on."""

    label: str
    meaning: str
    closed: bool = True
    at: datetime | None = None

    @property
    def mark(self) -> str:
        """Differs between any two states that read differently."""
        return f"{self.label}{int(self.at.timestamp()) if self.at else ''}"


def destinations(link: Link, now: datetime | None = None) -> list[str]:
    """Where visitors are led whom no device and no country sends elsewhere: several while an A/B test runs."""
    urls = [each.url for each in link.test_variants or ()]
    winner = (link.redirect or {}).get("winner")
    if winner is not None and winner < len(urls):
        return [urls[winner]]
    now = now or datetime.now(UTC)
    begun = link.test_started_at is None or link.test_started_at <= now
    over = link.test_completed_at is not None and link.test_completed_at <= now
    return urls if urls and begun and not over else [link.url]


def link_state(link: Link, now: datetime | None = None) -> LinkState | None:
    """The state that keeps visitors from the destination, in the order in which the edge asks; None for an open link."""
    now = now or datetime.now(UTC)
    return _closed(link, now) or _guarded(link)


def _closed(link: Link, now: datetime) -> LinkState | None:
    starts_at = link.starts_at
    early = starts_at is not None and now < starts_at
    blocked = link.quarantine is not None and link.quarantine.action == "block"
    ended = link.expires_at is not None and link.expires_at <= now
    states = (
        (blocked, "In quarantine", "It was found or reported to be harmful, and leads nowhere until it is released."),
        (link.disabled_at, "Disabled", "It was switched off, and leads nowhere until it is switched on."),
        (early, "Opens at", "It leads nowhere until then."),
        (link.capped_at, "Has had its clicks", "It was opened as often as its limit allows."),
        (ended, "Expired", "Its time is over."),
        (link.opened_at, "Was opened", "It lets one visitor in, who has been."),
    )
    for holds, label, meaning in states:
        if holds:
            return LinkState(label, meaning, at=starts_at if label == "Opens at" else None)
    return None


def _guarded(link: Link) -> LinkState | None:
    if link.password:
        return LinkState("Asks for a password", "Visitors who know it are led on.", closed=False)
    if link.quarantine:
        return LinkState("In quarantine", "Visitors are warned before they are led on.", closed=False)
    return None
