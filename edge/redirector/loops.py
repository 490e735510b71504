"""A link that leads to itself would send browsers in a circle. Origin refuses most such links; the edge sends none."""

from redirector.address import code_of, split_url
from shared.errors import BadCode, BadDomain
from shared.kv_record import kv_key
from shared.slug import normalize_domain

# Other ports of one's own machine are other servers, which links may lead to.
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


def leads_to_itself(key: str, url: str) -> bool:
    """Whether a URL is the short link of this key."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return False
    host, path, _ = split_url(url.partition("#")[0])
    try:
        domain = normalize_domain(host.rpartition("@")[2])
        return domain not in _THIS_MACHINE and kv_key(domain, code_of(path)) == key
    except (BadCode, BadDomain):
        return False
