"""The OpenAPI document and the code say the same."""

import json
import re
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from origin.accounts.access import PERMISSIONS
from origin.openapi import ANYONE, IN_NO_WORKSPACE, ApiRoute, operations
from tests.origin_app import make_client

# What describes the API is not part of it.
ABOUT = {"/", "/openapi.json", "/errors", "/docs", "/docs/errors"}


@pytest.fixture
async def document(api: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await api.get("/api/v1/openapi.json")).json())


def api_routes(app: Starlette) -> list[Route]:
    (mount,) = [route for route in app.routes if isinstance(route, Mount)]
    return [route for route in mount.routes if isinstance(route, Route)]


def test_every_route_is_an_operation(app: Starlette) -> None:
    assert {route.path for route in api_routes(app) if not isinstance(route, ApiRoute)} == ABOUT


def test_every_operation_is_in_the_document_and_nothing_else_is(app: Starlette, document: dict[str, Any]) -> None:
    documented = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    assert documented == {(each.path, each.method) for each in operations(app.routes)}


def test_every_operation_says_who_may_call_it(app: Starlette) -> None:
    assert {each.permission for each in operations(app.routes)} <= PERMISSIONS | IN_NO_WORKSPACE


async def test_operations_that_are_not_for_anyone_refuse_a_call_without_a_token(app: Starlette) -> None:
    async with make_client(app) as client:
        for each in operations(app.routes):
            if each.permission != ANYONE:
                path = re.sub(r"{\w+}", "x", each.path)
                answer = await client.request(each.method, f"/api/v1{path}")
                assert answer.status_code == 401, each.id


def test_operation_ids_are_all_different(app: Starlette) -> None:
    names = [each.id for each in operations(app.routes)]
    assert len(names) == len(set(names))


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert found <= set(document["components"]["schemas"])
    assert {"Link", "NewLink", "LinkChange", "ErrorBody"} <= found


def test_the_fields_that_clients_require_of_a_link_are_required(document: dict[str, Any]) -> None:
    from dub.models.components import LinkSchema  # noqa: PLC0415  # slow to import

    aliases = {field.alias or name for name, field in LinkSchema.model_fields.items() if field.is_required()}
    link = document["components"]["schemas"]["Link"]
    assert aliases <= set(link["required"])
    assert aliases | {"edge"} <= set(link["properties"])


def test_what_clients_may_send_is_known(document: dict[str, Any]) -> None:
    from dub.models.operations import CreateLinkRequestBody, UpdateLinkRequestBody  # noqa: PLC0415  # as above

    for model, schema in ((CreateLinkRequestBody, "NewLink"), (UpdateLinkRequestBody, "LinkChange")):
        aliases = {field.alias or name for name, field in model.model_fields.items()}
        assert aliases <= set(document["components"]["schemas"][schema]["properties"])


async def test_errors_are_explained_where_their_doc_url_leads(api: httpx.AsyncClient) -> None:
    refused = await api.get("/api/v1/links/info")
    url, _, code = refused.json()["error"]["doc_url"].partition("#")
    page = await api.get(url)
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src" not in page.headers["content-security-policy"]
    explained = {each["code"]: each["meaning"] for each in (await api.get("/api/v1/errors")).json()}
    assert f'id="{code}"' in page.text
    for each in explained:
        assert page.text.count(f'id="{each}"') == 1, each
