"""What clicks can be grouped and filtered by: the API's names, and the columns behind them."""

from typing import NamedTuple

from origin.analytics.tiers import SPANS, Tier

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
    "countries": Grouping("country", ("country",), (("region", "*"), ("city", "*")), SPANS),
    "regions": Grouping("region_path", ("country", "region"), (("city", "*"),), SPANS, joined=("country", "region")),
    "cities": Grouping("city_path", ("country", "region", "city"), (), SPANS, joined=("country", "region", "city")),
    "continents": Grouping("continent", ("continent",), (), SPANS),
    "devices": Grouping("device", ("device",), (), SPANS),
    "browsers": Grouping("browser", ("browser",), (), SPANS),
    "os": Grouping("os", ("os",), (), SPANS),
    "referers": Grouping("referer", ("referer",), (), SPANS),
    "referer_urls": Grouping("referer_url", ("refererUrl",), (), SPANS),
    "trigger": Grouping("trigger", ("trigger",), (), SPANS),
    "triggers": Grouping("trigger", ("trigger",), (), SPANS),
    "top_urls": Grouping("url", ("url",), (), SPANS),
    "top_base_urls": Grouping(
        "cutQueryStringAndFragment(url)", ("url",), (), SPANS, "url", "cutQueryStringAndFragment(value)"
    ),
    "top_domains": Grouping("domain", ("domain",), (), SPANS),
    "channels": Grouping("channel", ("channel",), (), SPANS),
    "languages": Grouping("language", ("language",), (), SPANS),
    "utm_sources": Grouping("utm_source", ("utm_source",), (), SPANS),
    "utm_mediums": Grouping("utm_medium", ("utm_medium",), (), SPANS),
    "utm_campaigns": Grouping("utm_campaign", ("utm_campaign",), (), SPANS),
    "utm_terms": Grouping("utm_term", ("utm_term",), (), SPANS),
    "utm_contents": Grouping("utm_content", ("utm_content",), (), SPANS),
    "paths": Grouping("path", ("path",), (), SPANS),
    "parameters": Grouping(PARAMETER, ("value",)),
    "engines": Grouping("engine", ("engine",), (), SPANS),
    "device_brands": Grouping("device_brand", ("deviceBrand",), (), SPANS),
    "networks": Grouping("network", ("network",), (), SPANS),
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
