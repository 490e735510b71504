"""JSON Schemas of msgspec types, with what msgspec leaves out: that a text is a time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import inspect

Schema = dict[str, Any]
REF = "#/components/schemas/{name}"


def schemas_of(types: Sequence[Any]) -> tuple[list[Schema], dict[str, Schema]]:
    """The schema of each type, and by their names the components that these refer to.

    Raises ValueError for two types of one name: msgspec would name both by their modules, and clients would see that.
    """
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    structs = list(dict.fromkeys(_structs(inspect.multi_type_info(types))))
    twice = [name for name, count in Counter(each.__name__ for each in structs).items() if count > 1]
    if twice:
        raise ValueError(f"The API has two types called {twice[0]}: rename one of them.")
    for struct in structs:
        for field in inspect.type_info(struct).fields:  # type: ignore[attr-defined]  # that of a struct
            _mark_times(field.type, components[struct.__name__]["properties"][field.encode_name])
    return list(schemas), components


def _structs(types: Sequence[inspect.Type]) -> Iterator[type[msgspec.Struct]]:
    """Every struct in these types, at whatever depth."""
    waiting, known = list(types), set()
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, inspect.StructType):
            if kind.cls in known:
                continue
            known.add(kind.cls)
            yield kind.cls
        waiting.extend(_inner(kind))


def _inner(kind: inspect.Type) -> list[inspect.Type]:
    match kind:
        case inspect.StructType():
            return [field.type for field in kind.fields]
        case inspect.Metadata():
            return [kind.type]
        case inspect.UnionType():
            return list(kind.types)
        case inspect.DictType():
            return [kind.key_type, kind.value_type]
        case inspect.CollectionType():
            return [kind.item_type]
        case _:
            return []


def _mark_times(kind: inspect.Type, schema: Schema) -> None:
    if isinstance(kind, inspect.Metadata):
        _mark_times(kind.type, schema)
    elif isinstance(kind, inspect.DateTimeType):
        schema["format"] = "date-time"
    elif isinstance(kind, inspect.UnionType) and any(isinstance(each, inspect.DateTimeType) for each in kind.types):
        # A time and another kind of text can't be told apart, so msgspec has no union of both.
        texts = [each for each in schema.get("anyOf", [schema]) if each.get("type") == "string"]
        texts[0]["format"] = "date-time"
