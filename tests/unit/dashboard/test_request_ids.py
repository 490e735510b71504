"""Request ids, from the browser to origin and back."""

import httpx
import pytest
import structlog
from starlette.requests import Request
from starlette.responses import Response
from structlog.testing import capture_logs

from dashboard.app import create_app
from dashboard.origin_fake import FakeOrigin
from dashboard.settings import DashboardSettings
from tests.unit.dashboard.conftest import BASE, Reader


async def test_the_callers_id_goes_to_origin_and_back(reader: Reader, origin: FakeOrigin) -> None:
    origin.request_ids.clear()
    answer = await reader.get("/links", headers={"X-Request-Id": "browser-1"})
    assert answer.headers["x-request-id"] == "browser-1"
    assert set(origin.request_ids) == {"browser-1"}


@pytest.mark.parametrize("given", ["", "two words", "x" * 65])
async def test_any_other_gets_one_of_our_own(reader: Reader, origin: FakeOrigin, given: str) -> None:
    origin.request_ids.clear()
    answer = await reader.get("/links", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] not in {"", given}
    assert set(origin.request_ids) == {answer.headers["x-request-id"]}


async def test_two_requests_have_two(reader: Reader) -> None:
    ids = {(await reader.get("/login")).headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2


async def test_errors_and_their_log_lines_have_it() -> None:
    async def broken(request: httpx.Request) -> httpx.Response:
        raise RuntimeError("a bug")

    app = create_app(DashboardSettings(secret_key="k" * 32), httpx.MockTransport(broken))
    app.router.add_route("/bug", bug)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"X-Request-Id": "asked-2"}) as http:
        with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
            answers = [await http.get(path) for path in ("/nothing", "/bug")]
    assert [(answer.status_code, answer.headers["x-request-id"]) for answer in answers] == [
        (404, "asked-2"),
        (500, "asked-2"),
    ]
    assert [line["request_id"] for line in logs if line["event"] == "unexpected error"] == ["asked-2"]


async def bug(request: Request) -> Response:
    raise RuntimeError("a bug")
