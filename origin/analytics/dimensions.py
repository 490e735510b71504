"""What clicks can be grouped and filtered by: the API's names, and the columns behind them."""

from typing import NamedTuple

from origin.analytics.tiers import BY_DAY, BY_HOUR, Tier

# Of a query parameter of the request or the destination, by its name.
PARAMETER = "parameters[{parameter:String}]"


class Grouping(NamedTuple):
    """A groupBy. The value of `column` (an expression in SQL) splits at tabs into the row's `fields`."""

    column: str
    fields: tuple[str, ...]
    # Keys that the row has besides, as the SDKs know them.
    constants: tuple[tuple[str, str], ...] = ()
    # The rollups that have it for whole workspaces.
    tiers: tuple[Tier, ...] = ()
    # Where they have it under another name: that of their dimension, and the expression that makes a value of theirs.
    dimension: str = ""
    rolled: str = "value"
    # The columns that `column` joins. The raw clicks are grouped by a hash of these, as to join texts for each click, and to
    # group by what comes of it, takes twice as long as all the rest. Two values would have to share all 64 bits to be one.
    joined: tuple[str, ...] = ()

    def in_clicks(self) -> dict[str, str]:
        """The expressions by which the raw clicks are grouped, for queries.sql."""
        if not self.joined:
            return {"/*value*/": self.column, "/*key*/": "value", "/*some*/": "AND value != ''"}
        value = ", '\\t', ".join(f"any({each})" for each in self.joined)
        hashes = (f"{2 * place + 1} * cityHash64({each})" for place, each in enumerate(self.joined))
        return {"/*value*/": f"concat({value})", "/*key*/": " + ".join(hashes), "/*some*/": ""}

    def split(self, value: str) -> dict[str, str]:
        """The row's fields out of a value."""
        return dict(zip(self.fields, value.split("\t", len(self.fields) - 1), strict=True))


EVENT_NAMES = Grouping("event_name", ("eventName",))  # of leads and sales
GROUPINGS = {
    "event_names": EVENT_NAMES,
    "countries": Grouping("country", ("country",), (("region", "*"), ("city", "*")), BY_HOUR),
    "regions": Grouping("region_path", ("country", "region"), (("city", "*"),), BY_HOUR, joined=("country", "region")),
    "cities": Grouping("city_path", ("country", "region", "city"), (), BY_HOUR, joined=("country", "region", "city")),
    "continents": Grouping("continent", ("continent",), (), BY_HOUR),
    "devices": Grouping("device", ("device",), (), BY_HOUR),
    "browsers": Grouping("browser", ("browser",), (), BY_HOUR),
    "os": Grouping("os", ("os",), (), BY_HOUR),
    "referers": Grouping("referer", ("referer",), (), BY_HOUR),
    "referer_urls": Grouping("referer_url", ("refererUrl",), (), BY_DAY),
    "trigger": Grouping("trigger", ("trigger",), (), BY_HOUR),
    "triggers": Grouping("trigger", ("trigger",), (), BY_HOUR),
    "top_urls": Grouping("url", ("url",), (), BY_DAY),
    "top_base_urls": Grouping(
        "cutQueryStringAndFragment(url)", ("url",), (), BY_DAY, "url", "cutQueryStringAndFragment(value)"
    ),
    "top_domains": Grouping("domain", ("domain",), (), BY_HOUR),
    "channels": Grouping("channel", ("channel",), (), BY_HOUR),
    "languages": Grouping("language", ("language",), (), BY_HOUR),
    "utm_sources": Grouping("utm_source", ("utm_source",), (), BY_HOUR),
    "utm_mediums": Grouping("utm_medium", ("utm_medium",), (), BY_HOUR),
    "utm_campaigns": Grouping("utm_campaign", ("utm_campaign",), (), BY_HOUR),
    "utm_terms": Grouping("utm_term", ("utm_term",), (), BY_HOUR),
    "utm_contents": Grouping("utm_content", ("utm_content",), (), BY_HOUR),
    "paths": Grouping("path", ("path",), (), BY_DAY),
    "parameters": Grouping(PARAMETER, ("value",)),
    "engines": Grouping("engine", ("engine",), (), BY_HOUR),
    "device_brands": Grouping("device_brand", ("deviceBrand",), (), BY_HOUR),
    "networks": Grouping("network", ("network",), (), BY_HOUR),
}

# Field of the query struct: column.
FILTERS = {
    **{
        name: name
        for name in (
            "domain", "country", "region", "city", "continent", "device", "browser", "os", "trigger", "referer",
            "referer_url", "url", "channel", "language", "utm_source", "utm_medium", "utm_campaign", "utm_term",
            "utm_content", "path", "engine", "device_brand", "network", "variant",
        )
    },
}  # fmt: skip


_NUMBERS = ("variant", "link_id")


class Filter(NamedTuple):
    """Clicks whose column has one of the values, or, with `exclude`, none of them. `key`: of a query parameter."""

    column: str
    values: tuple[str, ...]
    exclude: bool
    key: str = ""

    @classmethod
    def parse(cls, column: str, text: str) -> "Filter":
        """`a,b` takes a and b; `-a,b` leaves both out."""
        exclude = text.startswith("-")
        values = tuple(part.strip() for part in text.removeprefix("-").split(",") if part.strip())
        return cls(column, values, exclude)

    def clause(self, number: int) -> str:
        """The condition in SQL; the values are bound under this number."""
        operator = "NOT IN" if self.exclude else "IN"
        column = f"{self.column}[{{key{number}:String}}]" if self.key else self.column
        text = f"toString({column})" if column in _NUMBERS else column
        return f"AND {text} {operator} {{values{number}:Array(String)}}"
