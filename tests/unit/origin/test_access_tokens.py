"""Access tokens."""

import json

import pytest
from pyseto import Key, Paseto

from origin.accounts.access_tokens import PREFIX, AccessTokens, Claims
from origin.problems import Unauthorized

CLAIMS = Claims(7, "a family")


def test_a_token_says_who_it_was_made_for() -> None:
    tokens = AccessTokens("key")
    token = tokens.issue(CLAIMS)
    assert token.startswith(PREFIX)
    assert tokens.read(token) == CLAIMS


def test_a_token_shows_nothing_to_others() -> None:
    assert AccessTokens("key").issue(CLAIMS) != AccessTokens("key").issue(CLAIMS)


@pytest.mark.parametrize("token", ["", "nonsense", "v4.local.", "v4.local.AAAA", "v2.local.AAAA", "v4.public.AAAA"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        AccessTokens("key").read(token)


def test_a_token_of_another_key_or_one_changed_on_the_way_is_refused() -> None:
    tokens = AccessTokens("key")
    token = tokens.issue(CLAIMS)
    changed = token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:]
    for bad in (AccessTokens("another key").issue(CLAIMS), changed):
        with pytest.raises(Unauthorized):
            tokens.read(bad)


def test_a_key_made_of_the_secret_as_it_is_makes_no_tokens() -> None:
    """Who learns a value that was made from the secret key for another use can't log in with it."""
    secret = "0123456789abcdef0123456789abcdef"
    forged = Paseto.new(exp=900).encode(
        Key.new(4, "local", secret.encode()), {"sub": "1", "family": "f"}, serializer=json
    )
    with pytest.raises(Unauthorized):
        AccessTokens(secret).read(forged.decode())
