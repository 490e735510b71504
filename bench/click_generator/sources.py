"""Why a request comes: the kinds of traffic with their shares, referrers, and the campaigns that links belong to."""

from typing import NamedTuple

from bench.click_generator.agents import Group


class Traffic(NamedTuple):
    """A kind of request as the edge names it, and who sends it."""

    weight: int
    kind: str
    group: Group


TRAFFIC = [
    Traffic(805, "click", Group.PERSON),
    Traffic(75, "click", Group.BOT),
    Traffic(50, "preview", Group.PREVIEW),
    Traffic(40, "prefetch", Group.PERSON),
    Traffic(30, "head", Group.MONITOR),
]

# Per 1000. Browsers send the origin alone to other sites, so few referrers have a path.
REFERERS = {
    "": 430,
    "https://www.google.com/": 110,
    "https://www.instagram.com/": 70,
    "https://www.facebook.com/": 55,
    "https://t.co/": 55,
    "https://www.linkedin.com/": 45,
    "https://www.youtube.com/": 40,
    "https://www.tiktok.com/": 30,
    "https://www.reddit.com/": 28,
    "https://chatgpt.com/": 20,
    "https://www.bing.com/": 14,
    "https://mail.google.com/": 14,
    "https://duckduckgo.com/": 10,
    "https://www.google.de/": 10,
    "https://web.whatsapp.com/": 10,
    "android-app://com.google.android.gm/": 8,
    "https://news.ycombinator.com/": 8,
    "https://www.perplexity.ai/": 6,
    "https://old.reddit.com/r/selfhosted/": 5,
    "https://outlook.live.com/": 5,
    "https://github.com/": 5,
    "https://blog.example.org/2026/launch": 7,
    "https://forum.example.net/t/1042": 5,
    "https://partner.example.com/deals?page=2": 10,
}

# Percent of the requests without a referrer that came from a printed code.
QR_PERCENT = 14

# What a link's destination carries after its path. Most links are in no campaign.
CAMPAIGNS = {
    "": 700,
    "?utm_source=newsletter&utm_medium=email&utm_campaign=weekly": 80,
    "?utm_source=google&utm_medium=cpc&utm_campaign=brand&utm_term=short+links": 50,
    "?utm_source=instagram&utm_medium=social&utm_campaign=spring": 60,
    "?utm_source=linkedin&utm_medium=paid_social&utm_campaign=q2&utm_content=video": 30,
    "?utm_source=poster&utm_medium=print&utm_campaign=city": 30,
    "?utm_source=partner&utm_medium=referral&utm_campaign=summer&utm_content=banner": 50,
}
