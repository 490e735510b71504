"""Examples for the OpenAPI document, made of the schemas: so that every operation has one, and none can grow old.

A field's example is what its name stands for below, if the schema takes it; else the least that the schema takes.
"""

import re
from typing import Any

from origin.problems import PROBLEMS

Schema = dict[str, Any]

_TIME = "2026-12-01T09:30:00Z"
_WORDS: dict[str, Any] = {
    "accessLevel": "write",
    "accessToken": "v4.public.eyJzdWIiOiJ1c2VyXzFhIn0",
    "address": "203.0.113.7",
    "amount": 4900,
    "browser": "chrome",
    "city": "Berlin",
    "clickId": "3f9c2a7b41d0e856-17",
    "clicks": 128,
    "code": "123456",
    "color": "green",
    "comments": "For the newsletter of week 12",
    "continent": "EU",
    "country": "DE",
    "currency": "eur",
    "currentPassword": "a long passphrase of mine",
    "customerEmail": "ada@example.com",
    "customerExternalId": "customer-42",
    "customerName": "Ada Lovelace",
    "description": "Half of everything, until Sunday",
    "device": "mobile",
    "doc_url": "https://api.example.com/api/v1/docs/errors#conflict",
    "Domain.slug": "go.example.com",
    "NewDomain.slug": "go.example.com",
    "domain": "go.example.com",
    "email": "ada@example.com",
    "eventName": "Sign up",
    "externalId": "order-4711",
    "externalIds": ["order-4711"],
    "geo": {"DE": "https://example.com/de"},
    "expiresIn": 900,
    "hint": "nh_4fJq2",
    "id": "id_2s",
    "invoiceId": "inv-2026-001",
    "key": "spring",
    "keyLength": 7,
    "leads": 12,
    "linkIds": ["link_2s", "link_2t"],
    "message": "key: 'spring' is taken on go.example.com. Choose another one.",
    "name": "Spring",
    "notFoundUrl": "https://example.com/not-found",
    "os": "ios",
    "password": "a long passphrase of mine",
    "paymentProcessor": "stripe",
    "percentage": 50,
    "permissions": ["links.read", "links.write"],
    "plan": "free",
    "qrCode": "https://api.example.com/api/v1/qr?url=https%3A%2F%2Fgo.example.com%2Fspring",
    "role": "member",
    "saleAmount": 14700,
    "sales": 3,
    "scopes": ["links.read", "links.write"],
    "shortLink": "https://go.example.com/spring",
    "slug": "spring",
    "status": "active",
    "timezone": "Europe/Berlin",
    "title": "Spring sale",
    "token": "nht_7c1d5e0b9a",
    "url": "https://example.com/sale?page=1",
    "userAgent": "Mozilla/5.0",
    "utm_campaign": "spring-sale",
    "utm_medium": "email",
    "utm_source": "newsletter",
    "version": 3,
    "webhookIds": [],
    "zone": "Europe/Berlin",
}
# Ids by what they are of: a component's title, or the name of a field or parameter before `Id`.
_IDS = {
    "alias": "alias_2s", "apiKey": "key_2s", "newApiKey": "key_2s", "customer": "cus_2s", "domain": "dom_2s",
    "folder": "fold_2s", "link": "link_2s", "project": "ws_2s", "session": "ses_2s", "tag": "tag_2s", "user": "user_2s",
    "workspace": "ws_2s", "key": "key_2s", "member": "user_2s", "deleted": "link_2s", "deletedTag": "tag_2s",
}  # fmt: skip
# Fields of a request that are worth showing though they are optional.
_SHOWN = {"title", "comments", "utm_source", "name", "color", "customerEmail", "linkIds"}


class Examples:
    """Makes examples of the schemas of one document."""

    def __init__(self, components: dict[str, Schema]) -> None:
        self._components = components

    def request(self, schema: Schema) -> Any:
        """What a client may send: what is required, and a little of what is not."""
        return self._make(schema, "", "", whole=False)

    def response(self, schema: Schema) -> Any:
        """What an answer looks like, with all of its fields."""
        return self._make(schema, "", "", whole=True)

    def parameter(self, name: str, schema: Schema) -> Any:
        """A value of a path's or a query's parameter."""
        return self._make(schema, name, "", whole=True)

    def _make(self, schema: Schema, name: str, owner: str, *, whole: bool) -> Any:
        if "$ref" in schema:
            schema = self._components[schema["$ref"].rpartition("/")[2]]
        word = _word(name, owner)
        if word is not None and self._takes(schema, word) and not (name.endswith("At") and "anyOf" in schema):
            return word
        if "anyOf" in schema:
            return self._any(schema["anyOf"], name, owner, whole=whole)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, name, whole=whole)
        if kind == "array":
            item = self._make(schema.get("items", {}), name, owner, whole=whole)
            return [] if schema.get("maxItems") == 0 else [item]
        return _least(schema, kind, name)

    def _any(self, options: list[Schema], name: str, owner: str, *, whole: bool) -> Any:
        if {"type": "null"} in options:
            return None
        return self._make(next(each for each in options if each != {"type": "null"}), name, owner, whole=whole)

    def _object(self, schema: Schema, name: str, *, whole: bool) -> Any:
        title, fields = schema.get("title", ""), schema.get("properties", {})
        shown = [each for each in fields if whole or each in schema.get("required", []) or each in _SHOWN]
        shown = shown or list(fields)[:1]  # a change of nothing would say little
        found = {each: self._make(fields[each], each, title, whole=whole) for each in shown}
        more = schema.get("additionalProperties")
        if not fields and isinstance(more, dict) and more:
            found["DE"] = self._make(more, name, title, whole=whole)
        return found

    def _takes(self, schema: Schema, value: Any) -> bool:
        """Whether a schema takes a value, as far as the words above need to be told apart; a test holds the rest."""
        if "$ref" in schema:
            schema = self._components[schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            return any(self._takes(each, value) for each in schema["anyOf"])
        if "enum" in schema:
            return value in schema["enum"]
        if "pattern" in schema and not re.search(schema["pattern"], str(value)):
            return False
        return _NAMES.get(schema.get("type", ""), "") == type(value).__name__ and self._items_take(schema, value)

    def _items_take(self, schema: Schema, value: Any) -> bool:
        items = schema.get("items")
        return not isinstance(value, list) or items is None or all(self._takes(items, each) for each in value)


_NAMES = {"string": "str", "integer": "int", "number": "int", "array": "list", "object": "dict", "boolean": "bool"}


def _word(name: str, owner: str) -> Any:
    if name == "id":
        return _IDS.get(owner[:1].lower() + owner[1:], _WORDS["id"])
    if name.endswith("Id") and name[:-2] in _IDS:
        return _IDS[name[:-2]]
    if name.endswith("At") or name in {"start", "end", "since", "timestamp"}:
        return _TIME
    if name.lower().endswith("url") and name not in _WORDS:
        return "https://example.com/sale"
    return _WORDS.get(f"{owner}.{name}", _WORDS.get(name))


def _least(schema: Schema, kind: Any, name: str) -> Any:
    if kind == "string":
        return _TIME if schema.get("format") == "date-time" else name or "text"
    if kind in {"integer", "number"}:
        return max(schema.get("minimum", 1), 1) if schema.get("maximum", 1) >= 1 else schema["maximum"]
    return {"boolean": False, "null": None}.get(str(kind))


def add_examples(document: dict[str, Any]) -> None:
    """Give every path parameter, body and answer of an OpenAPI document an example."""
    examples = Examples(document["components"]["schemas"])
    errors = {str(each.status): _error(each.code, str(each.__doc__)) for each in PROBLEMS}
    for operation in (each for path in document["paths"].values() for each in path.values()):
        for parameter in operation.get("parameters", []):
            if parameter["required"]:
                parameter["example"] = examples.parameter(parameter["name"], parameter["schema"])
        for content in _json(operation.get("requestBody", {})):
            content["example"] = examples.request(content["schema"])
        for status, answer in operation["responses"].items():
            for content in _json(answer):
                content["example"] = errors.get(status) or examples.response(content["schema"])


def _json(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for kind, each in part.get("content", {}).items() if kind == "application/json"]


def _error(code: str, message: str) -> dict[str, Any]:
    return {
        "error": {"code": code, "message": message, "doc_url": f"https://api.example.com/api/v1/docs/errors#{code}"}
    }
