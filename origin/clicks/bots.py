"""Requests that look like a browser's and are a program's: by the network they come from, and by how fast they go on."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from origin.clicks.row import BOT, CLICK, ClickRow

BY_USER_AGENT, BY_NO_USER_AGENT, BY_NETWORK, BY_SWEEP = "user agent", "no user agent", "data centre", "sweep"
# Networks whose addresses belong to rented servers, by their owners' registered numbers. Those of which people surf come
# through too (Apple's relay, Cloudflare, VPN companies) are left out.
DATA_CENTRES = {
    **dict.fromkeys((14618, 16509), "Amazon Web Services"),
    **dict.fromkeys((19527, 396982), "Google Cloud"),
    8075: "Microsoft Azure",
    14061: "DigitalOcean",
    16276: "OVHcloud",
    **dict.fromkeys((24940, 213230, 212317), "Hetzner"),
    63949: "Akamai Linode",
    20473: "Vultr",
    12876: "Scaleway",
    31898: "Oracle Cloud",
    **dict.fromkeys((37963, 45102), "Alibaba Cloud"),
    **dict.fromkeys((45090, 132203), "Tencent Cloud"),
    51167: "Contabo",
    36351: "IBM Cloud",
    202053: "UpCloud",
}
# More different links in one second than a person opens: a scanner of mail, or a crawler with a browser's name.
SWEEP_LINKS = 20


def name_sweeps(rows: list[ClickRow]) -> list[ClickRow]:
    """The rows of one block, those clicks turned into a bot's that are part of a sweep through many links.

    Of the rows alone, so that a block that is inserted again says the same.
    """
    sweepers = _sweepers(rows)
    if not sweepers:
        return rows
    return [_as_sweep(row) if _who(row) in sweepers and row.verdict == CLICK else row for row in rows]


def _sweepers(rows: Iterable[ClickRow]) -> set[tuple[int, int]]:
    # Without an address, people with one browser can't be told apart, and many of them are no sweep.
    known = [(_who(row), row.link_id) for row in rows if row.verdict == CLICK and row.ip]
    often = {who for who, count in Counter(who for who, _ in known).items() if count >= SWEEP_LINKS}
    links: dict[tuple[int, int], set[int]] = defaultdict(set)
    for who, link in known:
        if who in often:
            links[who].add(link)
    return {who for who, asked in links.items() if len(asked) >= SWEEP_LINKS}


def _who(row: ClickRow) -> tuple[int, int]:
    return row.visitor, row.timestamp // 1000


def _as_sweep(row: ClickRow) -> ClickRow:
    return row._replace(verdict=BOT, bot=True, bot_name=BY_SWEEP, bot_reason=BY_SWEEP)
