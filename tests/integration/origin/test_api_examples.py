"""The examples of the OpenAPI document: each fits its schema, and what a client would copy is taken by the server."""

from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest

from origin.openapi import document, operations
from origin.storage.engine import make_engine
from tests.origin_app import make_app

# Only described here, never connected.
DOCUMENT = document(operations(make_app(make_engine("postgresql://nobody@127.0.0.1:9/nothing")).routes), "test")
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
# What an example can't have: a letter's token, a passkey's answer, the number that an app shows right now.
ONLY_ITS_OWNER_HAS = ("token:", "credential:", "code:", "challenge:")


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """The JSON of every body and answer, with its name."""
    for path, method, operation in OPERATIONS:
        parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for name, part in parts.items():
            content = part.get("content", {}).get("application/json")
            if content is not None:
                yield f"{method} {path} {name}", content


def refusals(schema: dict[str, Any], value: Any) -> list[str]:
    """Why a value does not fit."""
    whole = {**schema, "components": DOCUMENT["components"]}
    return [error.message for error in jsonschema_rs.validator_for(whole).iter_errors(value)]


def test_every_body_and_answer_has_an_example_that_fits() -> None:
    found = {name: refusals(content["schema"], content["example"]) for name, content in contents()}
    assert len(found) > 300
    assert {name: why for name, why in found.items() if why} == {}


def test_every_required_parameter_has_an_example_that_fits() -> None:
    for path, method, operation in OPERATIONS:
        for each in operation.get("parameters", []):
            if each["required"]:
                assert refusals(each["schema"], each["example"]) == [], f"{method} {path}"


def test_examples_of_errors_have_the_code_of_their_status() -> None:
    for path, method, operation in OPERATIONS:
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                error = answer["content"]["application/json"]["example"]["error"]
                assert error["message"], f"{method} {path}"
                assert (error["code"] == "not_found") is (status == "404"), f"{method} {path}"


MAKES = ["/links", "/links/bulk", "/tags", "/folders", "/domains", "/workspaces"]


@pytest.mark.parametrize("path", MAKES)
async def test_what_an_example_makes_is_made(api: httpx.AsyncClient, path: str) -> None:
    operation = DOCUMENT["paths"][path]["post"]
    body = operation["requestBody"]["content"]["application/json"]["example"]
    answer = await api.post(f"/api/v1{path}", json=body)
    assert answer.is_success, answer.text
    assert "error" not in answer.text


async def test_no_example_is_refused_for_what_it_says(api: httpx.AsyncClient) -> None:
    refused = {}
    for path, method, operation in OPERATIONS:
        if "requestBody" not in operation:
            continue
        body = operation["requestBody"]["content"]["application/json"]["example"]
        parameters = {each["name"]: each["example"] for each in operation.get("parameters", []) if each["required"]}
        answer = await api.request(method, f"/api/v1{path.format(**parameters)}", json=body)
        if answer.status_code in {400, 422} or answer.is_server_error:
            message = answer.json()["error"]["message"]
            if not message.startswith(ONLY_ITS_OWNER_HAS):
                refused[operation["operationId"]] = message
    assert refused == {}
