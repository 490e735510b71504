"""What clicks are counted by on the pages, and what the pages and origin call it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Top:
    """A top list: its heading, origin's name for the dimension, and the field that names a row and filters by it.

    `within` are fields that a value is unique within: a filter for a row names those too. Rows that are `cut`, such as
    addresses without their query, are no values that origin could filter by.
    """

    title: str
    group: str
    field: str
    one: str
    within: tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """Lists of which one is shown at a time: the page's address says which, under `name`."""

    name: str
    tops: tuple[Top, ...]

    def chosen(self, group: str) -> Top:
        """The list that was asked for, or the first one."""
        return next((each for each in self.tops if each.group == group), self.tops[0])


CITIES = Top("Cities", "cities", "city", "City", ("region", "country"))
PLACES = Card(
    "places",
    (
        Top("Countries", "countries", "country", "Country"),
        Top("Regions", "regions", "region", "Region", ("country",)),
        Top("Continents", "continents", "continent", "Continent"),
        Top("Languages", "languages", "language", "Language"),
    ),
)
SOURCES = Card(
    "sources",
    (
        Top("Referrers", "referers", "referer", "Referrer"),
        Top("Channels", "channels", "channel", "Channel"),
        Top("Pages", "referer_urls", "refererUrl", "Referring page"),
        Top("QR or link", "triggers", "trigger", "Opened by"),
    ),
)
DEVICES = Card(
    "devices",
    (
        Top("Devices", "devices", "device", "Device"),
        Top("Brands", "device_brands", "deviceBrand", "Brand"),
        Top("Networks", "networks", "network", "Network"),
    ),
)
SOFTWARE = Card(
    "software",
    (
        Top("Browsers", "browsers", "browser", "Browser"),
        Top("Systems", "os", "os", "System"),
        Top("Engines", "engines", "engine", "Engine"),
    ),
)
CAMPAIGNS = Card(
    "campaigns",
    (
        Top("Campaigns", "utm_campaigns", "utm_campaign", "Campaign"),
        Top("Sources", "utm_sources", "utm_source", "Campaign source"),
        Top("Media", "utm_mediums", "utm_medium", "Campaign medium"),
        Top("Terms", "utm_terms", "utm_term", "Campaign term"),
        Top("Contents", "utm_contents", "utm_content", "Campaign content"),
    ),
)
DESTINATIONS = Card(
    "destinations",
    (
        Top("Destinations", "top_base_urls", "url", "Destination", cut=True),
        Top("With query", "top_urls", "url", "Destination"),
        Top("Domains", "top_domains", "domain", "Domain"),
        Top("Paths", "paths", "path", "Path"),
    ),
)
CARDS = (PLACES, SOURCES, DEVICES, SOFTWARE, CAMPAIGNS, DESTINATIONS)
LINK = Top("Links", "top_links", "linkId", "Link")
VARIANT = Top("Variants", "variants", "variant", "Variant", ("linkId",))
TOPS = (*(top for card in CARDS for top in card.tops), CITIES)
# What the pages narrow down by, in origin's words, and what one of it is called.
FILTERS = {LINK.field: LINK.one, **{top.field: top.one for top in TOPS}, "variant": "Variant"}
