"""The filter of events by their metadata: `metadata['plan']:'pro' AND metadata['seats']>=5`."""

import re
from typing import NamedTuple

from origin.problems import Unprocessable

MOST_CONDITIONS = 10
_CONDITION = re.compile(r"metadata((?:\['[^']+'\])+)\s*(:|!=|>=|<=|>|<|=)\s*(?:'([^']*)'|([^\s']+))")
_KEY = re.compile(r"\['([^']+)'\]")
_COMPARED = {">", ">=", "<", "<="}


class MetadataFilter(NamedTuple):
    """Conversions whose metadata has this value under these keys. `values`: the value, then the keys from the outermost."""

    operator: str
    values: tuple[str, ...]
    key: str = ""  # as Filter has
    column: str = "metadata"

    def clause(self, number: int) -> str:
        """The condition in SQL; value and keys are bound under this number."""
        bound = f"{{values{number}:Array(String)}}"
        keys = ", ".join(f"{bound}[{place}]" for place in range(2, len(self.values) + 1))
        if self.operator in _COMPARED:
            number_there = f"JSONType(metadata, {keys}) IN ('Int64', 'UInt64', 'Double')"
            return f"AND {number_there} AND JSONExtractFloat(metadata, {keys}) {self.operator} toFloat64({bound}[1])"
        is_text = f"JSONType(metadata, {keys}) = 'String'"
        text = f"if({is_text}, JSONExtractString(metadata, {keys}), JSONExtractRaw(metadata, {keys}))"
        return f"AND {text} {'!=' if self.operator == '!=' else '='} {bound}[1]"


def parse(text: str) -> list[MetadataFilter]:
    """The conditions of a query; raises Unprocessable."""
    found = []
    for part in re.split(r"\s+AND\s+", text.strip(), flags=re.IGNORECASE):
        match = _CONDITION.fullmatch(part)
        if match is None:
            raise Unprocessable("query: write it as metadata['key']:'value', and join several by AND.")
        path, operator, quoted, bare = match.groups()
        value = bare if quoted is None else quoted
        if operator in _COMPARED and not _is_number(value):
            raise Unprocessable(f"query: {operator} takes a number.")
        found.append(MetadataFilter(operator, (value, *_KEY.findall(path))))
    if len(found) > MOST_CONDITIONS:
        raise Unprocessable(f"query: it has at most {MOST_CONDITIONS} conditions.")
    return found


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", text) is not None
