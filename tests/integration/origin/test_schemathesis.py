"""schemathesis makes up calls from the OpenAPI document, good and bad ones, alone and in a row, and holds the answers to it."""

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
WALKS, STEPS = 30, 8

# Only described here, never connected: the calls go to a server with a database of its own.
_app = make_app(make_engine("postgresql://nobody@127.0.0.1:9/nothing"))
_operations = operations(route for route in _app.routes if isinstance(route, Mount))
_config = {
    "checks": {
        # A document can't say that a tag is there, that percentages add up or that a URL leads somewhere: 422 does. Nor which
        # version is the latest: 412. Nor how many letters an address was sent, or whether one is still good: 429, 410.
        "positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 410, 412, 422, 429]}
    }
}
schema = schemathesis.openapi.from_dict(document(_operations, "test"), config=SchemathesisConfig.from_dict(_config))
_settings = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def served(postgres_url: str) -> Iterator[Served]:
    with Served(postgres_url) as running:
        yield running


def kwargs_of(served: Served) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {served.account.api_key}"}
    return {"base_url": served.url, "headers": headers, "timeout": 30}


@schema.parametrize()
@settings(_settings, max_examples=EXAMPLES)
def test_answers_are_as_documented(case: schemathesis.Case[Any], served: Served) -> None:
    case.call_and_validate(**kwargs_of(served))


def test_operations_go_on_from_each_others_answers(postgres_url: str) -> None:
    with Served(postgres_url) as served:

        class Walk(schema.as_state_machine()):  # type: ignore[misc]  # made of the document
            def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
                del case
                return kwargs_of(served)

        Walk.run(settings=settings(_settings, max_examples=WALKS, stateful_step_count=STEPS))


def test_most_things_are_reached_by_links() -> None:
    linked = {
        name
        for methods in document(_operations, "test")["paths"].values()
        for operation in methods.values()
        for answer in operation["responses"].values()
        for name in answer.get("links", {})
    }
    one_thing = {each.id for each in _operations if each.path.count("{") == 1 and each.path.endswith("}")}
    assert len(one_thing - linked) <= 3, one_thing - linked
