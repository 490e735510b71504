"""The requests of a link that do not count as clicks, in words."""

from collections.abc import Mapping

# Field of the accounting: what one and what several are called.
_NAMES = {
    "bots": ("bot", "bots"),
    "previews": ("preview", "previews"),
    "prefetches": ("prefetch", "prefetches"),
    "heads": ("HEAD request", "HEAD requests"),
    "duplicates": ("duplicate", "duplicates"),
    "capped": ("over the plan", "over the plan"),
}


def uncounted(requests: Mapping[str, int]) -> str:
    """As in "3 requests not counted: 2 bots, 1 preview", from the requests by field; "" where every request is a click."""
    counts = [(requests.get(name, 0), words) for name, words in _NAMES.items()]
    total = sum(count for count, _ in counts)
    if not total:
        return ""
    parts = ", ".join(f"{count:,} {words[count != 1]}" for count, words in counts if count)
    return f"{total:,} {'request' if total == 1 else 'requests'} not counted: {parts}"
