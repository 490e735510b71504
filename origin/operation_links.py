"""Which operations go on from another's answer: `links` of the OpenAPI document, for those who read it and for tests."""

import re
from typing import Any

_SUCCESS = {"200", "201"}


def add_links(document: dict[str, Any]) -> None:
    """Say of each answer that shows a thing, or a list of them, which operations take its id."""
    components = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status in _SUCCESS & set(operation["responses"]):
                answer = operation["responses"][status]
                schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
                found = _links(document, path, method, schema, components)
                if found:
                    answer["links"] = found


def _links(
    document: dict[str, Any], path: str, method: str, schema: dict[str, Any], components: dict[str, Any]
) -> dict[str, Any]:
    """Links to the operations below this path, and to those that take the id in their query."""
    place, fields = "$response.body#", _fields(schema, components)
    if method == "get" and schema.get("type") == "array":
        place, fields = f"{place}/0", _fields(schema.get("items", {}), components)
    elif method != "post":
        return {}
    found = {}
    for other, methods in document["paths"].items():
        parameter = re.fullmatch(re.escape(path) + r"/{(\w+)}(?:/[a-z]+)*", other)
        for operation in methods.values():
            if parameter and (field := "slug" if parameter[1] == "slug" else "id") in fields:
                where = {**_same(path), f"path.{parameter[1]}": f"{place}/{field}"}
                found[operation["operationId"]] = {"operationId": operation["operationId"], "parameters": where}
            elif other == f"{path}/info" and "id" in fields:
                where = {"query.linkId": f"{place}/id"}
                found[operation["operationId"]] = {"operationId": operation["operationId"], "parameters": where}
    return found


def _same(path: str) -> dict[str, str]:
    """The parameters of the path itself, which go on as they were."""
    return {f"path.{name}": f"$request.path.{name}" for name in re.findall(r"{(\w+)}", path)}


def _fields(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    named = components.get(schema.get("$ref", "").rpartition("/")[2], schema)
    fields: dict[str, Any] = named.get("properties", {})
    return fields
