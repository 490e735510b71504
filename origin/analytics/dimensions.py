"""What clicks can be grouped and filtered by: the API's names, and the columns behind them."""

from typing import NamedTuple


class Grouping(NamedTuple):
    """A groupBy. The value of `column` splits at tabs into the row's `fields`."""

    column: str
    fields: tuple[str, ...]
    # Keys that the row has besides, as the SDKs know them.
    constants: tuple[tuple[str, str], ...] = ()

    def split(self, value: str) -> dict[str, str]:
        """The row's fields out of a value."""
        return dict(zip(self.fields, value.split("\t", len(self.fields) - 1), strict=True))


GROUPINGS = {
    "countries": Grouping("country", ("country",), (("region", "*"), ("city", "*"))),
    "regions": Grouping("region_path", ("country", "region"), (("city", "*"),)),
    "cities": Grouping("city_path", ("country", "region", "city")),
    "continents": Grouping("continent", ("continent",)),
    "devices": Grouping("device", ("device",)),
    "browsers": Grouping("browser", ("browser",)),
    "os": Grouping("os", ("os",)),
    "referers": Grouping("referer", ("referer",)),
    "referer_urls": Grouping("referer_url", ("refererUrl",)),
    "trigger": Grouping("trigger", ("trigger",)),
    "triggers": Grouping("trigger", ("trigger",)),
    "top_urls": Grouping("url", ("url",)),
    "top_domains": Grouping("domain", ("domain",)),
    "channels": Grouping("channel", ("channel",)),
    "languages": Grouping("language", ("language",)),
    "utm_sources": Grouping("utm_source", ("utm_source",)),
    "utm_mediums": Grouping("utm_medium", ("utm_medium",)),
    "utm_campaigns": Grouping("utm_campaign", ("utm_campaign",)),
    "utm_terms": Grouping("utm_term", ("utm_term",)),
    "utm_contents": Grouping("utm_content", ("utm_content",)),
}

# Parameter of the query struct: column.
FILTERS = {
    "domain": "domain",
    "country": "country",
    "region": "region",
    "city": "city",
    "continent": "continent",
    "device": "device",
    "browser": "browser",
    "os": "os",
    "trigger": "trigger",
    "referer": "referer",
    "referer_url": "referer_url",
    "url": "url",
    "channel": "channel",
    "language": "language",
    "utm_source": "utm_source",
    "utm_medium": "utm_medium",
    "utm_campaign": "utm_campaign",
    "utm_term": "utm_term",
    "utm_content": "utm_content",
}


class Filter(NamedTuple):
    """Clicks whose column has one of the values, or, with `exclude`, none of them."""

    column: str
    values: tuple[str, ...]
    exclude: bool

    @classmethod
    def parse(cls, column: str, text: str) -> "Filter":
        """`a,b` takes a and b; `-a,b` leaves both out."""
        exclude = text.startswith("-")
        values = tuple(part.strip() for part in text.removeprefix("-").split(",") if part.strip())
        return cls(column, values, exclude)
