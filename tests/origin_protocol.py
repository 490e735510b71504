"""What origin answers to the edge's questions about links, for the origins of tests: by a mapping of KV keys to records."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from shared.errors import BadRecord
from shared.kv_record import decode
from shared.slug import leading_codes


def asked_key(url: str) -> str:
    """The key of the code or path that is asked for."""
    asked = parse_qs(urlsplit(url).query)
    return f"{asked['domain'][0]}/{asked.get('code', asked.get('path', ['']))[0]}"


def answer(links: Mapping[str, str], url: str) -> tuple[int, str]:
    """Status and body, as origin/links/miss.py gives them."""
    asked = parse_qs(urlsplit(url).query)
    if "code" in asked:
        value = links.get(asked_key(url))
        return (404, "") if value is None else (200, value)
    domain, path = asked["domain"][0], asked["path"][0]
    for code in (path, *leading_codes(path)):
        value = links.get(f"{domain}/{code}")
        if value is not None and (code == path or _carries_on(value)):
            return 200, f"{code}\n{value}"
    bare = [each for each in leading_codes(path) if not any(key.startswith(f"{domain}/{each}/") for key in links)]
    return 404, bare[-1] if bare else ""


def _carries_on(value: str) -> bool:
    try:
        return decode(value).options.get("prefix") is True
    except BadRecord:
        return False
