"""A signed call is taken once its secret, method, path, body and time fit, and only then."""

import pytest

from shared.errors import BadSignature, StaleSignature
from shared.signing import REPLAY_WINDOW_SECONDS, sign, verify

NOW = 1_800_000_000.0
SECRET = "a secret of this test"


def test_a_signed_call_is_accepted() -> None:
    verify(SECRET, sign(SECRET, "POST", "/internal/clicks", b"body", NOW), "POST", "/internal/clicks", b"body", NOW + 1)


@pytest.mark.parametrize(
    ("secret", "method", "path", "body"),
    [
        ("another", "POST", "/internal/clicks", b"body"),
        (SECRET, "PUT", "/internal/clicks", b"body"),
        (SECRET, "POST", "/internal/other", b"body"),
        (SECRET, "POST", "/internal/clicks", b"bodY"),
    ],
)
def test_a_signature_is_worth_nothing_on_another_call(secret: str, method: str, path: str, body: bytes) -> None:
    header = sign(SECRET, "POST", "/internal/clicks", b"body", NOW)
    with pytest.raises(BadSignature):
        verify(secret, header, method, path, body, NOW)


@pytest.mark.parametrize("seconds", [-REPLAY_WINDOW_SECONDS - 1, REPLAY_WINDOW_SECONDS + 1])
def test_a_call_outside_the_replay_window_is_refused(seconds: float) -> None:
    with pytest.raises(StaleSignature):
        verify(SECRET, sign(SECRET, "GET", "/", b"", NOW), "GET", "/", b"", NOW + seconds)


@pytest.mark.parametrize(
    "header", [None, "", "t=1", "v1=00", "t=,v1=", "t=x,v1=y", "t=٣,v1=00", "t=-1,v1=00", "," * 9, "t=" + "9" * 99]
)
def test_a_header_that_is_no_signature_is_refused(header: str | None) -> None:
    with pytest.raises(BadSignature):
        verify(SECRET, header, "GET", "/", b"", NOW)
