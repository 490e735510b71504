"""The id that names a request in every service it reaches: taken from the caller, handed on, answered, logged."""

import re
import secrets

HEADER = "X-Request-Id"
_GOOD = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def is_proper(given: str) -> bool:
    """Whether an id may be taken from a caller. Anything else could forge log lines."""
    return _GOOD.fullmatch(given) is not None


def accept(given: str) -> str:
    """The caller's id if it is a proper one, else a new one."""
    return given if is_proper(given) else secrets.token_hex(8)
