"""A link that leads to itself would send browsers in a circle. Origin refuses most such links; the edge sends none."""

from redirector.address import code_of, split_url
from redirector.behaviour import PLAIN, Behaviour
from shared.errors import BadCode, BadDomain
from shared.slug import normalize_domain

# Other ports of one's own machine are other servers, which links may lead to.
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


def leads_to_itself(key: str, url: str, behaviour: Behaviour = PLAIN) -> bool:
    """Whether a URL is the short link of this key, or one that its link would carry on to where it leads."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return False
    host, path, _ = split_url(url.partition("#")[0])
    own_domain, _, code = key.partition("/")
    try:
        domain = normalize_domain(host.rpartition("@")[2])
        if domain in _THIS_MACHINE or domain != own_domain:
            return False
        return code_of(path) == code if not behaviour.prefix else _carried_on(path, code, behaviour)
    except (BadCode, BadDomain):
        return False


def _carried_on(path: str, code: str, behaviour: Behaviour) -> bool:
    """Whether a path is the code or leads on from it, and not to another code."""
    segments = path.split("/")
    leading = code.count("/") + 1
    if code_of("/".join(segments[:leading])) != code:
        return False
    try:
        whole = code_of(path)
        return whole == code or not behaviour.may_have_below(whole.removeprefix(f"{code}/"))
    except BadCode:
        return True
