"""An origin in memory with links and clicks to look at, for designing pages: `python -m dashboard.origin_sample PORT`."""

import random
import sys
from datetime import UTC, datetime, timedelta

import uvicorn

from dashboard.origin_fake import FakeOrigin


def furnished() -> FakeOrigin:
    """An origin with links and two months of clicks, the same ones each time."""
    chance, origin, now = random.Random(7), FakeOrigin(), datetime.now(UTC)  # noqa: S311  # no secret
    pages = (
        "docs.python.org/3/whatsnew/3.14.html",
        "example.com/",
        "blog.example.org/2026/how-we-moved?utm_source=mail",
    )
    names = ("Release notes", None, "The move, told honestly")
    for number in range(40):
        link = origin.add_link(
            f"https://{pages[number % 3]}", f"go-{number}" if number % 4 else "", title=names[number % 3]
        )
        link["createdAt"] = (now - timedelta(hours=5 * number)).isoformat()
        link["edge"] = {"state": "pending" if number == 0 else "live"}
        for _ in range(900 if number == 1 else chance.randrange(40)):
            at = now - timedelta(hours=chance.triangular(0, 24 * 60, 30))
            place = chance.choices(("DE", "US", "FR", "JP", "BR", "IN", "NL"), (30, 24, 12, 9, 6, 4, 3))[0]
            came = chance.choices(("(direct)", "news.ycombinator.com", "t.co", "duckduckgo.com"), (5, 3, 2, 1))[0]
            browser = chance.choices(("Chrome", "Safari", "Firefox", "Edge"), (6, 4, 2, 1))[0]
            device = chance.choices(("Desktop", "Mobile", "Tablet"), (6, 5, 1))[0]
            origin.click(link, at=at, country=place, referer=came, browser=browser, device=device)
    return origin


if __name__ == "__main__":
    uvicorn.run(furnished().app, port=int(sys.argv[1]), log_level="warning")
