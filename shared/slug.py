"""Short codes and the domains they live on: what is allowed, how it is normalized, how new codes are made.

Edge and origin must agree on every rule here: origin stores a link under the key that the edge will look up.
"""

import hashlib
import hmac
import unicodedata

from shared.errors import BadCode, BadDomain

MAX_CODE_LENGTH = 190
MAX_DOMAIN_LENGTH = 190  # with the code, in UTF-8, this must fit the 512 bytes of a KV key
MAX_CODE_BYTES = 320
MAX_SEGMENTS = 4  # `docs/v2/install` has three

# Codes that the edge, browsers or crawlers use themselves.
RESERVED_CODES = frozenset(
    {"robots.txt", "favicon.ico", "sitemap.xml", "apple-app-site-association", "healthz", "readyz", "metrics"}
)
RESERVED_PREFIXES = (".well-known", "_nearhop")

# No 0/O and 1/l/I: codes are read aloud and typed. No vowels: they can't spell a word.
ALPHABET = "23456789bcdfghjkmnpqrstvwxzBCDFGHJKMNPQRSTVWXZ"
DEFAULT_CODE_LENGTH = 7
MIN_GENERATED_LENGTH = 3

# What would end the path in a URL, or be read as another character.
_FORBIDDEN_CHARACTERS = frozenset('\\?#%<>"^`{|}[]')
# What the edge reads as commands at the end of a code.
VIEWS = (".qr.png", ".qr", "+")


def normalize_code(code: str) -> str:
    """The form in which a code is stored and looked up (NFC); raises BadCode with the reason.

    A code may have several segments, as `docs/install` has; each of them obeys the rules of a code of one.
    """
    code = unicodedata.normalize("NFC", code)
    if not code:
        raise BadCode("may not be empty")
    if len(code) > MAX_CODE_LENGTH or len(code.encode("utf-8", "surrogatepass")) > MAX_CODE_BYTES:
        raise BadCode(f"may be {MAX_CODE_LENGTH} characters ({MAX_CODE_BYTES} bytes) long at most")
    for character in code:
        if character in _FORBIDDEN_CHARACTERS or character.isspace() or unicodedata.category(character) in ("Cc", "Cs"):
            raise BadCode(f"may not contain {character!r}: use letters, digits, '-', '_' or emoji")
    segments = code.split("/") if "/" in code else (code,)
    if len(segments) > MAX_SEGMENTS:
        raise BadCode(f"may have {MAX_SEGMENTS} segments at most")
    for segment in segments:
        if segment in ("", ".", "..") or segment.endswith(VIEWS):
            raise BadCode("may have no segment that is empty, '.' or '..' or ends in '+', '.qr' or '.qr.png'")
    first = segments[0].lower()
    if first in RESERVED_CODES or first.startswith(RESERVED_PREFIXES):
        raise BadCode("is reserved: choose another one")
    return code


def leading_codes(code: str) -> list[str]:
    """What a normalized code lies below, the longest first: `a/b` and `a` of `a/b/c`."""
    found = []
    while "/" in code:
        code = code.rpartition("/")[0]
        found.append(code)
    return found


def normalize_domain(host: str) -> str:
    """A host name in lower case and punycode, without port and final dot; raises BadDomain.

    Fast for the usual case, a plain ASCII name: the edge calls it for each request.
    """
    name = host.lower()
    if name.startswith("["):  # an IPv6 address
        return name.partition("]")[0] + "]"
    name = name.partition(":")[0].rstrip(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise BadDomain(f"{host!r} is not a valid domain name") from error
    if not name or len(name) > MAX_DOMAIN_LENGTH:
        raise BadDomain(f"a domain name has 1 to {MAX_DOMAIN_LENGTH} characters")
    return name


def generate(number: int, secret: str, length: int = DEFAULT_CODE_LENGTH) -> str:
    """The code of a sequence number: distinct numbers below `capacity(length)` give distinct codes, in no order to guess.

    A balanced Feistel network over the number's bits, walked again while it lands outside the range ("cycle walking",
    Black and Rogaway 2002, Ciphers with Arbitrary Finite Domains), so no table of used codes is asked.
    """
    size = capacity(length)
    if not 0 <= number < size:
        raise ValueError(f"codes of {length} characters hold the numbers 0 to {size - 1}")
    half_bits = (size.bit_length() + 1) // 2
    value = _permute(number, half_bits, secret)
    while value >= size:
        value = _permute(value, half_bits, secret)
    code = ""
    for _ in range(length):
        value, digit = divmod(value, len(ALPHABET))
        code += ALPHABET[digit]
    return code


def capacity(length: int) -> int:
    """How many codes of this length there are."""
    size: int = len(ALPHABET) ** length
    return size


def _permute(value: int, half_bits: int, secret: str) -> int:
    mask = (1 << half_bits) - 1
    left, right = value >> half_bits, value & mask
    for round_number in range(4):
        text = f"{round_number}:{half_bits}:{right}".encode()
        digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
        left, right = right, left ^ (int.from_bytes(digest[:8], "big") & mask)
    return left << half_bits | right
