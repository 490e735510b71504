"""schemathesis makes up calls from the OpenAPI document, good and bad ones, alone and in a row, and holds the answers to it."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from starlette.routing import Mount

from origin.analytics.live import MOST_OF_A_WORKSPACE
from origin.openapi import PERSON, document, operations
from origin.problems import ErrorBody
from tests.integration.origin.refusals import accepted_or_refused_for_a_reason
from tests.integration.origin.whole import WholeOrigin, whole_app

EXAMPLES = 4
WALKS, STEPS = 30, 8
# What never ends can't be read to its end: it has a test of its own below, and tests/integration/clicks/test_events.py listens.
ENDLESS, TEXT = "/events/live", "text/event-stream"

# Only described here, never connected: the calls go to a server with a database of its own.
_app = whole_app(Path("nowhere"), "postgresql://nobody@127.0.0.1:9/nothing")
_operations = operations(route for route in _app.routes if isinstance(route, Mount))
_for_people = {(each.method, each.path) for each in _operations if each.permission == PERSON}
_config = {
    # A stricter one of our own stands for it.
    "checks": {"positive_data_acceptance": {"enabled": False}},
    # Postgres holds no such character; tests/integration/origin/test_bad_input.py sends it.
    "generation": {"allow-x00": False},
}
_checks: list[Any] = [accepted_or_refused_for_a_reason]
_settings = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

# What people send, of which there is little in what a pattern makes.
_words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
_times = st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1))  # noqa: DTZ001  # hypothesis wants them so
for _name, _strategy in {
    "uri": st.builds("https://{}.example.com/{}".format, _words, _words),
    "idn-hostname": st.builds("{}.example.net".format, _words),
    "date-time": _times.map(lambda each: f"{each.isoformat()}Z"),
}.items():
    schemathesis.openapi.format(_name, _strategy)
schema = schemathesis.openapi.from_dict(
    document(_operations, "test"), config=SchemathesisConfig.from_dict(_config)
).exclude(path=ENDLESS)


@pytest.fixture(scope="module")
def served(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeOrigin]:
    with WholeOrigin(postgres_url, tmp_path_factory.mktemp("origin") / "home") as running:
        yield running


def kwargs_of(served: WholeOrigin, case: schemathesis.Case[Any]) -> dict[str, Any]:
    """How to call: as the owner in person where a key won't do, else with the owner's key."""
    in_person = (case.operation.method.upper(), case.operation.path) in _for_people
    headers = {"Authorization": f"Bearer {served.person() if in_person else served.key()}"}
    return {"base_url": served.url, "headers": headers, "timeout": 60}


@schema.parametrize()
@settings(_settings, max_examples=EXAMPLES)
def test_answers_are_as_documented(case: schemathesis.Case[Any], served: WholeOrigin) -> None:
    case.call_and_validate(**kwargs_of(served, case), additional_checks=_checks)


def test_the_feed_that_never_ends_answers_as_documented(served: WholeOrigin) -> None:
    (live,) = [each for each in _operations if each.path == ENDLESS]
    key, person = ({"Authorization": f"Bearer {text}"} for text in (served.key(), served.person()))
    body = {"name": "links alone", "scopes": ["links.read"]}
    narrow = httpx.post(f"{served.url}/api-keys", json=body, headers=key, timeout=60).json()["key"]
    tried = []
    with httpx.Client(timeout=60) as http, ExitStack() as feeds:

        def listen(headers: dict[str, str], params: dict[str, str]) -> httpx.Response:
            feed = http.stream("GET", served.url + ENDLESS, headers=headers, params=params)
            return feeds.enter_context(feed)

        opened = [listen(key, {}) for _ in range(MOST_OF_A_WORKSPACE)]
        assert {(each.status_code, each.headers["Content-Type"]) for each in opened} == {
            (200, f"{TEXT}; charset=utf-8")
        }
        assert (live.status, live.media_types) == (200, (TEXT,))
        lines = [each.iter_lines() for each in opened]  # a feed ends with them
        assert {next(each) for each in lines} == {"retry: 1000"}
        for status, headers, params in (
            (401, {}, {}),
            (401, {"Authorization": "Bearer made-up"}, {}),
            (403, {"Authorization": f"Bearer {narrow}"}, {}),
            (404, {**person, "X-Workspace-Id": "ws_none"}, {}),
            (422, key, {"event": "visits"}),
            (422, key, {"of": "us"}),
            (422, {**key, "Last-Event-ID": "x-1"}, {}),
            (429, key, {}),
        ):
            refused = listen(headers, params)
            assert refused.status_code == status
            msgspec.json.decode(refused.read(), type=ErrorBody)
            tried.append(status)
    assert {*tried, 500, 503} == {*live.possible_errors()}, "an answer that no call here gets"


def test_operations_go_on_from_each_others_answers(served: WholeOrigin) -> None:
    # Without the reasons: a step may have deleted the key that the next one calls with.
    class Walk(schema.as_state_machine()):  # type: ignore[misc]  # made of the document
        def setup(self) -> None:
            served.begin_anew()

        def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
            return kwargs_of(served, case)

    Walk.run(settings=settings(_settings, max_examples=WALKS, stateful_step_count=STEPS))


def test_the_document_that_is_served_is_the_one_that_is_tried(served: WholeOrigin) -> None:
    tried = document(_operations, "test")
    there = httpx.get(f"{served.url}/openapi.json", timeout=60).json()
    assert there["paths"] == tried["paths"]
    assert there["components"] == tried["components"]
    assert all("." not in name for name in there["components"]["schemas"]), "named by a module"


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
