"""Fields of Dub's API that this release does not act on. They are refused, since storing them would promise an effect.

A value that asks for nothing (null, false, "", [] or {}) is let through: SDKs send those.
"""

from typing import Any

import msgspec
from msgspec import UNSET

from origin.problems import Unprocessable


def refuse(given: msgspec.Struct) -> None:
    """Raise Unprocessable naming the first field that is typed Any, which marks it unsupported, and asks for something."""
    for field in msgspec.structs.fields(given):
        if field.type is Any and asks_for_something(getattr(given, field.name)):
            raise Unprocessable(f"{field.encode_name}: this is not supported yet, so it can't be set. Leave it out.")


def asks_for_something(value: Any) -> bool:
    """False for what is the same as leaving the field out."""
    return value is not UNSET and value not in (None, False, "", [], {}, "false")
