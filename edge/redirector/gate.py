"""Links with a password: who may pass, and how often one may guess."""

import base64
import binascii
import hashlib
import hmac
from urllib.parse import parse_qs

from redirector.known import KnownLink
from redirector.limits import Limit
from redirector.ports import Runtime

COOKIE = "nh_pass"
PASS_SECONDS = 3_600
GUESSES_PER_MINUTE = 5
_GUESSES_OF_ALL_PER_MINUTE = 60  # on one link
_LONGEST_FORM = 2_000
_LONGEST_PASSWORD = 128
_MOST_ITERATIONS = 1_000_000


class Gate:
    """A pass is a cookie that says until when it holds, signed together with the password's verifier."""

    def __init__(self, runtime: Runtime, secret: str) -> None:
        self._runtime = runtime
        self._secret = secret
        self._by_address = Limit(GUESSES_PER_MINUTE)
        self._by_link = Limit(_GUESSES_OF_ALL_PER_MINUTE)

    def may_pass(self, link: KnownLink, cookie: str, now: float) -> bool:
        until, _, signature = cookie.partition(".")
        if not (until.isdecimal() and until.isascii() and len(until) <= len("1800000000")) or int(until) < now:
            return False
        return hmac.compare_digest(signature.encode(), self._signature(link, until).encode())

    def make_pass(self, link: KnownLink, now: float) -> str:
        """The cookie's value."""
        until = str(int(now) + PASS_SECONDS)
        return f"{until}.{self._signature(link, until)}"

    def may_guess(self, link: KnownLink, address: str, now: float) -> bool:
        """Counts a guess; False where there were too many within this minute."""
        return self._by_address.take(f"{address} {link.key}", now) and self._by_link.take(link.key, now)

    async def is_right(self, link: KnownLink, form: str) -> bool:
        """Whether a posted form has the link's password."""
        given = parse_qs(form[:_LONGEST_FORM], keep_blank_values=True).get("password", [""])[0]
        try:
            name, rounds, salt, key = link.behaviour.password.split("$")
            iterations, wanted = int(rounds), base64.b64decode(key, validate=True)
            known = name == "pbkdf2-sha256" and 0 < iterations <= _MOST_ITERATIONS
            if not known or not wanted or len(given) > _LONGEST_PASSWORD:
                return False
            made = await self._runtime.pbkdf2(given, base64.b64decode(salt), iterations, len(wanted))
        except (ValueError, binascii.Error):
            return False
        return hmac.compare_digest(made, wanted)

    def _signature(self, link: KnownLink, until: str) -> str:
        text = "\n".join(("pass", link.key, str(link.record.link_id), until, link.behaviour.password))
        return hmac.new(self._secret.encode(), text.encode(), hashlib.sha256).hexdigest()
