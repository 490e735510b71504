"""The decision table inside workerd: Pyodide and JavaScript's time zones come to what CPython and the reference come to."""

import concurrent.futures
import json
import time

from shared.kv_record import KvRecord, encode
from tests.unit.edge.conftest import World
from tests.unit.edge.decisions import Case, Reference, cases, path_of
from tests.workerd.edge_process import EdgeProcess

COUNT = 600
DEFAULT = "https://example.com/default"


async def test_workerd_decides_as_cpython_and_as_the_reference(shared_edge: EdgeProcess) -> None:
    made = cases(COUNT, seed=11, now=time.time())
    shared_edge.put_records(
        {
            f"localhost/case{number}": encode(KvRecord(7, 3, 1, DEFAULT, case.options))
            for number, case in enumerate(made)
        }
    )
    before = await decided_here(made)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        inside = list(pool.map(lambda pair: decided_inside(shared_edge, *pair), enumerate(made)))
    after = await decided_here(made)
    wrong = [
        (case, found, first, last)
        for case, found, first, last in zip(made, inside, before, after, strict=True)
        if found not in {first, last}  # a clock may strike in between
    ]
    assert wrong == []
    assert len(set(inside)) > 10


def decided_inside(edge: EdgeProcess, number: int, case: Case) -> str:
    headers = {**case.headers(number), "MF-CF-Blob": json.dumps(case.place)}
    status, answer, _ = edge.request(path_of(number, case), **headers)
    assert status == 302
    return answer["location"]


async def decided_here(made: list[Case]) -> list[str]:
    """CPython's decisions, which must be the reference's."""
    world = World()
    now = world.runtime.clock = time.time()
    found = []
    for number, case in enumerate(made):
        world.put(f"localhost/case{number}", DEFAULT, **case.options)
        reply = await world.get(path_of(number, case), headers=case.headers(number), cf=case.place)
        found.append(reply.headers["Location"])
    for work in world.runtime.deferred:
        work.close()
    reference = Reference(now)
    assert found == [reference.destination(case, DEFAULT) for case in made]
    return found
