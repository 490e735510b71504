"""What people type for an address."""

import pytest

from shared.typed_url import with_scheme


@pytest.mark.parametrize(
    "text",
    [
        "www.example.org/x", "example.org", "example.org:8080/a?b=c#d", "example.org?q=1", "münchen.example/ä",
        "localhost", "localhost:3000/x", "192.0.2.7/x", "example.org/with a blank",
    ],
)  # fmt: skip
def test_a_bare_address_is_taken_as_https(text: str) -> None:
    assert with_scheme(text) == f"https://{text}"


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org", "http://example.org/x", "ftp://example.org", "javascript:alert(1)", "mailto:a@example.org",
        "javascript:a.b", "tel:12345", "words", "two words.", "/path.html", "", "a@example.org", "user:pw@example.org", "?a.b",
        "spotify:track:1", "example.org:port/x", "\\\\host.example\\x",
    ],
)  # fmt: skip
def test_anything_else_stays_as_it_was(text: str) -> None:
    assert with_scheme(text) == text
