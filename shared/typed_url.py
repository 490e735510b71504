"""Addresses as people type them: `www.example.org/x` is meant as `https://www.example.org/x`."""

import re

# A host with a dot, or localhost, and then nothing, a port, a path, a query or a fragment.
_BARE = re.compile(r"(?:[^\s/?#:@\[\]\\]+\.[^\s/?#:@\[\]\\]+|localhost)(?::[0-9]{1,5})?(?:[/?#].*)?", re.IGNORECASE)


def with_scheme(text: str) -> str:
    """The same, as https where no scheme was typed; what is no bare address comes back as it was."""
    return f"https://{text}" if _BARE.fullmatch(text) else text
