"""What a link does beside leading to its destination, in a few words each, for its page."""

from datetime import UTC, datetime, tzinfo

from dashboard.formats import country_name, row_label, when
from dashboard.origin_types import Link

_NAMED = 3


def link_facts(link: Link, zone: tzinfo, now: datetime | None = None) -> list[str]:
    """The options that are set. What closes the link already is said by its state."""
    redirect = link.redirect or {}
    ahead = link.expires_at is not None and link.expires_at > (now or datetime.now(UTC))
    facts = (
        (ahead, f"Expires {when(link.expires_at, zone)}" if link.expires_at else ""),
        (redirect.get("maxClicks"), f"Closes after {_some(redirect.get('maxClicks') or 0, 'click')}"),
        (redirect.get("oneTime"), "Lets one visitor in"),
        (link.test_variants, _variants(link)),
        (link.ios, "Leads elsewhere on iPhone and iPad"),
        (link.android, "Leads elsewhere on Android"),
        (link.geo, f"Leads elsewhere in {_countries(list(link.geo or ()))}"),
        (redirect.get("rules"), f"Has {_some(len(redirect.get('rules') or ()), 'rule')} of its own"),
        (link.track_conversion, "Tracks leads and sales"),
        (link.proxy, "Shows a preview of its own"),
        (redirect.get("forwardPath"), "Carries paths over"),
        (redirect.get("forwardQuery"), "Carries queries over"),
        (redirect.get("status", 302) != 302, f"Answers with status {redirect.get('status')}"),  # noqa: PLR2004  # the usual one
    )
    return [text for holds, text in facts if holds]


def _variants(link: Link) -> str:
    won = (link.redirect or {}).get("winner")
    tested = f"Tests {len(link.test_variants or ())} variants"
    return tested if won is None else f"Variant {row_label(str(won), 'variant')} has won"


def _countries(codes: list[str]) -> str:
    names = [country_name(code) for code in codes[:_NAMED]]
    more = len(codes) - _NAMED
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _some(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
