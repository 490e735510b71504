"""schemathesis makes up calls from the OpenAPI document, good and bad ones, and holds the answers to it."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from starlette.routing import Mount

from origin.openapi import document, operations
from origin.storage.engine import make_engine
from tests.integration.origin.served import Served
from tests.origin_app import make_app

EXAMPLES = 4

# Only described here, never connected: the calls go to a server with a database of its own.
_app = make_app(make_engine("postgresql://nobody@127.0.0.1:9/nothing"))
_routes = [route for route in _app.routes if isinstance(route, Mount)]
_config = {
    "checks": {
        # A document can't say that a tag is there, that percentages add up, a URL leads somewhere or a letter is still good.
        "positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 410, 412, 422, 429]}
    },
    "operations": [
        # Bad links of many are named in the answer, and the others are made.
        {
            "include-path": "/links/bulk",
            "include-method": "POST",
            "checks": {"negative_data_rejection": {"enabled": False}},
        }
    ],
}
schema = schemathesis.openapi.from_dict(
    document(operations(_routes), "test"), config=SchemathesisConfig.from_dict(_config)
)


@pytest.fixture(scope="module")
def served(postgres_url: str) -> Iterator[Served]:
    with Served(postgres_url) as running:
        yield running


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_are_as_documented(case: schemathesis.Case[Any], served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.account.api_key}"}
    case.call_and_validate(base_url=served.url, headers=headers, timeout=30)
