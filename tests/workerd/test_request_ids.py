"""One id names a visitor's request at the edge and at origin, in the real runtime."""

import pytest

from shared.kv_record import KvRecord, encode
from tests.workerd.edge_process import EdgeProcess
from tests.workerd.origin_fake import OriginFake


def test_a_link_from_origin_is_asked_for_and_answered_under_the_visitors_id(
    shared_edge: EdgeProcess, shared_origin: OriginFake
) -> None:
    shared_origin.links["localhost/fresh"] = encode(KvRecord(9, 3, 1, "https://example.com/fresh"))
    shared_origin.request_ids.clear()
    status, headers, _ = shared_edge.request("/fresh", **{"X-Request-Id": "visitor-1"})
    assert (status, headers["location"], headers["x-request-id"]) == (302, "https://example.com/fresh", "visitor-1")
    status, headers, _ = shared_edge.request("/fresh", **{"X-Request-Id": "visitor-2"})  # from memory: asks nobody
    assert (status, headers["location"], headers.get("x-request-id")) == (302, "https://example.com/fresh", None)
    assert shared_origin.request_ids == ["visitor-1"]


@pytest.mark.parametrize("given", [{"X-Request-Id": "not proper"}, {}])
def test_a_page_of_an_unknown_code_shows_the_id_that_origin_was_asked_under(
    shared_edge: EdgeProcess, shared_origin: OriginFake, given: dict[str, str]
) -> None:
    shared_origin.request_ids.clear()
    status, headers, body = shared_edge.request(f"/nobody-has-{len(given)}", **given)
    (id_,) = shared_origin.request_ids
    assert (status, headers["x-request-id"]) == (404, id_)
    assert id_.startswith("edge-")
    assert f"Reference: {id_}</footer></html>\n".encode() in body


def test_a_claim_and_its_answers_have_the_visitors_id(shared_edge: EdgeProcess, shared_origin: OriginFake) -> None:
    shared_edge.put_rich("localhost/once", "https://example.com/secret", once=True)
    shared_origin.request_ids.clear()
    answers = [shared_edge.request("/once", **{"X-Request-Id": f"visitor-{number}"}) for number in (1, 2)]
    assert [(status, headers["x-request-id"]) for status, headers, _ in answers] == [
        (302, "visitor-1"),
        (410, "visitor-2"),
    ]
    assert b"Reference: visitor-2" in answers[1][2]
    assert shared_origin.request_ids == ["visitor-1", "visitor-2"]
