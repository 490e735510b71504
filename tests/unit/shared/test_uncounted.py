"""The requests that are no clicks, in words."""

import pytest

from shared.uncounted import uncounted


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ({}, ""),
        ({"bots": 0, "heads": 0}, ""),
        ({"clicks": 5}, ""),
        ({"bots": 1}, "1 request not counted: 1 bot"),
        ({"bots": 1200, "heads": 1}, "1,201 requests not counted: 1,200 bots, 1 HEAD request"),
    ],
)
def test_what_is_not_counted_is_told_by_what_it_is_instead(requests: dict[str, int], words: str) -> None:
    assert uncounted(requests) == words
