"""What clicks can be grouped and filtered by: the API's names, and the columns behind them."""

from typing import NamedTuple

# Of a query parameter of the request or the destination, by its name.
PARAMETER = "parameters[{parameter:String}]"
HOUR, DAY = 3600, 86_400


class Grouping(NamedTuple):
    """A groupBy. The value of `column` (an expression in SQL) splits at tabs into the row's `fields`."""

    column: str
    fields: tuple[str, ...]
    # Keys that the row has besides, as the SDKs know them.
    constants: tuple[tuple[str, str], ...] = ()
    # The unit of time that the rollup has for whole workspaces; 0: it has none.
    rolled: int = 0

    def split(self, value: str) -> dict[str, str]:
        """The row's fields out of a value."""
        return dict(zip(self.fields, value.split("\t", len(self.fields) - 1), strict=True))


GROUPINGS = {
    "countries": Grouping("country", ("country",), (("region", "*"), ("city", "*")), HOUR),
    "regions": Grouping("region_path", ("country", "region"), (("city", "*"),), HOUR),
    "cities": Grouping("city_path", ("country", "region", "city"), (), HOUR),
    "continents": Grouping("continent", ("continent",), (), HOUR),
    "devices": Grouping("device", ("device",), (), HOUR),
    "browsers": Grouping("browser", ("browser",), (), HOUR),
    "os": Grouping("os", ("os",), (), HOUR),
    "referers": Grouping("referer", ("referer",), (), HOUR),
    "referer_urls": Grouping("referer_url", ("refererUrl",), (), DAY),
    "trigger": Grouping("trigger", ("trigger",), (), HOUR),
    "triggers": Grouping("trigger", ("trigger",), (), HOUR),
    "top_urls": Grouping("url", ("url",), (), DAY),
    "top_base_urls": Grouping("cutQueryStringAndFragment(url)", ("url",)),
    "top_domains": Grouping("domain", ("domain",), (), HOUR),
    "channels": Grouping("channel", ("channel",), (), HOUR),
    "languages": Grouping("language", ("language",), (), HOUR),
    "utm_sources": Grouping("utm_source", ("utm_source",), (), HOUR),
    "utm_mediums": Grouping("utm_medium", ("utm_medium",), (), HOUR),
    "utm_campaigns": Grouping("utm_campaign", ("utm_campaign",), (), HOUR),
    "utm_terms": Grouping("utm_term", ("utm_term",), (), HOUR),
    "utm_contents": Grouping("utm_content", ("utm_content",), (), HOUR),
    "paths": Grouping("path", ("path",)),
    "parameters": Grouping(PARAMETER, ("value",)),
    "engines": Grouping("engine", ("engine",)),
    "device_brands": Grouping("device_brand", ("deviceBrand",)),
    "networks": Grouping("network", ("network",)),
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
        return f"AND toString({column}) {operator} {{values{number}:Array(String)}}"
