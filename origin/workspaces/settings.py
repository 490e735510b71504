"""What a workspace can set, checked."""

import re
from typing import Annotated

from msgspec import Meta

from origin.links import destinations
from origin.problems import Unprocessable

MOST_ORIGINS = 20
_ORIGIN = re.compile(r"(https?)://[^/?#@\s]+/?", re.IGNORECASE)
# check_origins says what is wrong with one.
Origin = Annotated[str, Meta(max_length=300, extra_json_schema={"pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\s]+/?$"})]
_USUAL_PORTS = {"http": 80, "https": 443}
FIELD = "allowedOrigins"


def check_origins(given: list[str]) -> list[str]:
    """Web origins as browsers send them, each once; raises Unprocessable."""
    found = list(dict.fromkeys(_origin(each) for each in given))
    if len(found) > MOST_ORIGINS:
        raise Unprocessable(f"{FIELD}: there are {MOST_ORIGINS} at most.")
    return found


def _origin(text: str) -> str:
    written = _ORIGIN.fullmatch(text.strip())
    if written is None:
        raise Unprocessable(
            f"{FIELD}: {text[:100]!r} is not an origin. Write one as https://app.example.com: "
            "scheme, host and port, and nothing behind them."
        )
    scheme = written[1].lower()
    read = destinations.check(text.strip(), allow_private=True, field=FIELD)
    host = f"[{read.host}]" if ":" in read.host else read.host
    return f"{scheme}://{host}" + ("" if read.port == _USUAL_PORTS[scheme] else f":{read.port}")
