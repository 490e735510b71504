import httpx
import pytest

from cli.errors import CliError, NotLoggedIn, Refused, Unreachable
from cli.origin_client import OriginClient

OK = httpx.Response(200, json={"ok": True})


class Answers:
    """Gives one answer after the other; the last one stays."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.calls = 0
        self.pauses: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    def client(self, patience: float = 3.0) -> OriginClient:
        transport = httpx.MockTransport(self)
        return OriginClient("http://o.test", "k", patience=patience, transport=transport, sleep=self.pauses.append)


def problem(status: int, code: str = "x", message: str = "why", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"error": {"code": code, "message": message}}, headers=named)


@pytest.mark.parametrize(
    "passing", [problem(429), problem(500), problem(503), httpx.ReadTimeout(""), httpx.ReadError("")]
)
def test_what_passes_is_tried_again(passing: httpx.Response | Exception) -> None:
    answers = Answers(passing, passing, OK)
    assert answers.client().get("/x") == {"ok": True}
    assert answers.calls == 3


def test_retry_after_is_waited_for_however_little_patience_there_is() -> None:
    answers = Answers(problem(429, Retry_After="7"), OK)
    answers.client(patience=0).get("/x")
    assert answers.pauses == [7]


def test_who_asks_for_too_much_patience_is_not_waited_for() -> None:
    with pytest.raises(Refused, match="why"):
        Answers(problem(429, Retry_After="3600")).client().get("/x")


def test_patience_ends() -> None:
    answers = Answers(httpx.ConnectError("refused"))
    with pytest.raises(Unreachable, match=r"http://o\.test .*make run"):
        answers.client(patience=0).get("/x")
    assert answers.calls == 1


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        (httpx.ReadTimeout(""), 1),
        (problem(500), 1),
        (httpx.ConnectError(""), 2),
        (problem(429), 2),
    ],
)
def test_a_post_that_may_have_been_done_is_only_repeated_under_a_key(
    answer: httpx.Response | Exception, calls: int
) -> None:
    answers = Answers(answer, OK)
    if calls == 1:
        with pytest.raises(CliError):
            answers.client().post("/x", {})
    else:
        answers.client().post("/x", {})
    assert answers.calls == calls

    keyed = Answers(answer, OK)
    assert keyed.client().post("/x", {}, idempotency_key="k") == {"ok": True}
    assert keyed.calls == 2


def test_refusals_carry_nearhops_own_words_and_are_not_repeated() -> None:
    answers = Answers(problem(422, "unprocessable_entity", "url: it is not a URL."))
    with pytest.raises(Refused, match=r"^url: it is not a URL\.$") as caught:
        answers.client().get("/x")
    assert (caught.value.status, caught.value.reason, answers.calls) == (422, "unprocessable_entity", 1)


def test_a_wrong_key_says_how_to_get_a_right_one() -> None:
    with pytest.raises(NotLoggedIn, match="nearhop login"):
        Answers(problem(401)).client().get("/x")


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(404, text="<html>")])
def test_another_server_than_nearhop_is_told_as_such(answer: httpx.Response) -> None:
    with pytest.raises(Unreachable, match="check the address"):
        Answers(answer).client().get("/x")
