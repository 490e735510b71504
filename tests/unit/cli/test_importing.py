"""An import against a small stand-in for the bulk route; the real one is met in the integration tests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.errors import Refused, Unreachable, UsageError
from cli.importing.job import Job
from cli.importing.journal import Journal, journal_path
from cli.importing.outcome import Result, Status
from cli.importing.report import write_refused
from cli.importing.rows import Row
from cli.importing.send import MOST_BYTES, Sender, chunks
from cli.origin_client import OriginClient

Before = Callable[[list[Any]], httpx.Response | None]


class Api:
    """Keeps links by external id; `answer` may be replaced by a test."""

    def __init__(self) -> None:
        self.links: dict[str, str] = {}
        self.keys: list[str] = []
        self.sizes: list[int] = []
        self.before: Before = lambda _: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/links/info":
            found = self.links.get(request.url.params["externalId"].removeprefix("ext_"))
            return httpx.Response(200, json={"shortLink": f"s/{found}"}) if found else refusal(404, "not_found", "no")
        bodies = json.loads(request.content)
        self.keys.append(request.headers["Idempotency-Key"])
        self.sizes.append(len(bodies))
        return self.before(bodies) or httpx.Response(200, json=[self._make(body) for body in bodies])

    def _make(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["url"].startswith("bad"):
            return {"link": body, "error": "url: it is not a URL.", "code": "unprocessable_entity"}
        if body.get("key") in self.links.values():
            return {"link": body, "error": "key: there is a link already.", "code": "conflict"}
        if body["externalId"] in self.links:
            return {"link": body, "error": "externalId: there is a link already.", "code": "conflict"}
        self.links[body["externalId"]] = key = body.get("key") or f"k{len(self.links)}"
        return {"shortLink": f"s/{key}"}


def refusal(status: int, code: str, message: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": message}})


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def origin(api: Api) -> OriginClient:
    return OriginClient("http://origin.test", "nh_key", transport=httpx.MockTransport(api), sleep=lambda _: None)


def urls(*found: str) -> list[Row]:
    return [Row(number, {"url": url}) for number, url in enumerate(found, 1)]


def run(origin: OriginClient, rows: list[Row], path: Path) -> Job:
    with Journal(path) as journal:
        job = Job(rows, Sender(origin, journal.run), journal)
        job.run(lambda _: None)
        return job


def test_every_row_has_an_end_of_its_own(api: Api, origin: OriginClient, tmp_path: Path) -> None:
    rows = [*urls("a", "bad b", "c", "a"), Row(5, {"url": "d"}, "there is no url")]
    job = run(origin, rows, tmp_path / "journal")
    assert [job.results[line].status for line in range(1, 6)] == [
        Status.CREATED, Status.REFUSED, Status.CREATED, Status.REPEATED, Status.REFUSED,
    ]  # fmt: skip
    assert [(row.url, result.reason) for row, result in job.refused()] == [
        ("bad b", "url: it is not a URL."),
        ("d", "there is no url"),
    ]
    assert len(api.links) == 2


def test_a_second_run_makes_nothing_and_a_deleted_link_is_made_again(
    api: Api, origin: OriginClient, tmp_path: Path
) -> None:
    rows = [*urls("a", "b"), Row(3, {"url": "c", "key": "own"})]
    run(origin, rows, tmp_path / "journal")
    again = run(origin, rows, tmp_path / "journal")
    assert again.counts() == {Status.EXISTING: 3}
    del api.links[rows[0].external_id]
    assert run(origin, rows, tmp_path / "journal").counts() == {Status.EXISTING: 2, Status.CREATED: 1}


def test_a_code_that_another_link_has_is_refused(api: Api, origin: OriginClient, tmp_path: Path) -> None:
    api.links["somebody else's"] = "taken"
    job = run(origin, [Row(1, {"url": "a", "key": "taken"})], tmp_path / "journal")
    assert job.refused()[0][1].reason == "key: there is a link already."


def test_rows_go_out_in_hundreds(api: Api, origin: OriginClient, tmp_path: Path) -> None:
    run(origin, urls(*[f"u{n}" for n in range(250)]), tmp_path / "journal")
    assert api.sizes == [100, 100, 50]
    assert len(set(api.keys)) == 3


def test_long_urls_go_out_in_smaller_calls() -> None:
    rows = urls(*["x" * 40_000 + str(n) for n in range(30)])
    parts = list(chunks(rows))
    assert [row for part in parts for row in part] == rows
    assert all(len(json.dumps([row.body for row in part])) <= MOST_BYTES + 200 for part in parts)


def test_a_call_that_is_refused_as_a_whole_is_cut_until_the_row_stands_alone(
    api: Api, origin: OriginClient, tmp_path: Path
) -> None:
    def too_large(bodies: list[Any]) -> httpx.Response | None:
        return refusal(413, "bad_request", "too large") if any(b["url"] == "huge" for b in bodies) else None

    api.before = too_large
    job = run(origin, urls("a", "b", "huge", "c", "d"), tmp_path / "journal")
    assert [result.reason for _, result in job.refused()] == ["too large"]
    assert job.counts()[Status.CREATED] == 4


def test_an_interrupted_import_goes_on_where_it_stopped(api: Api, origin: OriginClient, tmp_path: Path) -> None:
    rows = urls(*[f"u{n}" for n in range(250)])
    api.before = lambda bodies: refusal(403, "forbidden", "no") if bodies[0]["url"] == "u200" else None
    with pytest.raises(Refused):
        run(origin, rows, tmp_path / "journal")
    api.before = lambda _: None
    job = run(origin, rows, tmp_path / "journal")
    assert api.sizes == [100, 100, 50, 50]
    assert api.keys[2] == api.keys[3], "the call that was cut off is sent under the same key"
    assert (job.resumed, job.counts()) == (200, {Status.CREATED: 250})
    assert not (tmp_path / "journal").exists()


def test_a_later_import_does_not_get_the_answers_of_a_former_one(
    api: Api, origin: OriginClient, tmp_path: Path
) -> None:
    run(origin, urls("a"), tmp_path / "journal")
    run(origin, urls("a"), tmp_path / "journal")
    assert api.keys[0] != api.keys[1]


def test_a_torn_last_line_of_the_journal_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.add([Result(n, "ü", Status.CREATED, short_link="s") for n in (1, 2)])
        first = journal.run
    path.write_bytes(path.read_bytes() + b'{"line": 3, "url": "')
    with Journal(path) as journal:
        assert (sorted(journal.done), journal.run) == ([1, 2], first)
        journal.add([Result(3, "c", Status.EXISTING)])
    with Journal(path) as journal:
        assert sorted(journal.done) == [1, 2, 3]


def test_a_file_is_not_imported_twice_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal"), pytest.raises(UsageError, match="right now"):
        Journal(tmp_path / "journal")


def test_each_file_address_and_account_has_its_own_journal(tmp_path: Path) -> None:
    assert (
        len(
            {
                journal_path(tmp_path, *each)
                for each in [("u", "k", b"a"), ("u", "k", b"b"), ("v", "k", b"a"), ("u", "l", b"a")]
            }
        )
        == 4
    )


def test_the_report_can_be_imported_itself(tmp_path: Path) -> None:
    row = Row(3, {"url": 'bad,"url"', "key": "k"})
    refused = [(row, Result(3, row.url, Status.REFUSED, "no, really"))]
    path = write_refused([tmp_path / "report.csv"], refused)
    assert path.read_text() == 'line,reason,url,key\n3,"no, really","bad,""url""",k\n'


def test_a_report_that_can_not_be_written_beside_its_file_goes_elsewhere(tmp_path: Path) -> None:
    refused = [(Row(1, {"url": "a"}), Result(1, "a", Status.REFUSED, "no"))]
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert (
        write_refused([blocked / "report.csv", tmp_path / "state" / "r.csv"], refused) == tmp_path / "state" / "r.csv"
    )
    with pytest.raises(UsageError, match="--report"):
        write_refused([blocked / "report.csv"], refused)


def test_an_answer_of_the_wrong_length_is_not_believed(api: Api, origin: OriginClient, tmp_path: Path) -> None:
    api.before = lambda _: httpx.Response(200, json=[{"shortLink": "s"}])
    with pytest.raises(Unreachable, match="check the address"):
        run(origin, urls("a", "b"), tmp_path / "journal")
