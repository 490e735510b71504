"""Public ids: a prefix that says what it is, and the number from the database in base 36, such as `link_2s`."""

from shared import base36

LINK = "link_"
ALIAS = "alias_"
USER = "user_"
SESSION = "ses_"
WORKSPACE = "ws_"
API_KEY = "key_"
PASSKEY = "pk_"
IDENTITY = "idn_"
DOMAIN = "dom_"
TAG = "tag_"
FOLDER = "fold_"
CUSTOMER = "cus_"
CONVERSION = "evt_"
REPORT = "rep_"
AUDIT_LOG = "log_"
INVITATION = "inv_"

_MOST_DIGITS = 13  # of a bigint in base 36
_LARGEST = 2**63 - 1


def public(prefix: str, number: int) -> str:
    """The id to show."""
    return prefix + base36.encode(number)


def parse(prefix: str, text: str) -> int | None:
    """The number of a shown id; None for anything else."""
    digits = text.removeprefix(prefix)
    if digits == text or not digits.isascii() or not digits.isalnum() or len(digits) > _MOST_DIGITS:
        return None
    number = int(digits, 36)
    return number if number <= _LARGEST and public(prefix, number) == text else None
