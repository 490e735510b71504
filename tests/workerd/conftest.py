"""The edge in the real runtime, with a small origin behind it. One edge serves a module; tests that stop it have their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workerd.edge_process import SECRET, EdgeProcess
from tests.workerd.origin_fake import OriginFake


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("workerd")


@pytest.fixture(scope="module", params=["edge/entry.py", "edge/entry_class.py"], ids=["functions", "class"])
def entry(request: pytest.FixtureRequest) -> str:
    """The Worker's `main`: every edge of these tests has one and then the other."""
    return str(request.param)


@pytest.fixture(scope="module")
def shared_origin(entry: str) -> Iterator[OriginFake]:  # one for each
    origin = OriginFake(SECRET)
    yield origin
    origin.stop()


@pytest.fixture(scope="module")
def shared_edge(
    tmp_path_factory: pytest.TempPathFactory, shared_origin: OriginFake, entry: str
) -> Iterator[EdgeProcess]:
    """Short times, so that a test can wait for them."""
    home = tmp_path_factory.mktemp("edge") / "home"
    edge = EdgeProcess(
        home,
        shared_origin.port,
        NEARHOP_EDGE_FRESH_SECONDS="1",
        NEARHOP_EDGE_STALE_SECONDS="60",
        NEARHOP_EDGE_MISSING_SECONDS="2",
        NEARHOP_EDGE_UNAVAILABLE_SECONDS="1",
        NEARHOP_EDGE_CLICK_DELAY_SECONDS="0.3",
        NEARHOP_EDGE_MAIN=entry,
    )
    try:
        yield edge.start()
    finally:
        edge.end()


@pytest.fixture
def origin() -> Iterator[OriginFake]:
    """An origin of the test's own."""
    origin = OriginFake(SECRET)
    yield origin
    origin.stop()


@pytest.fixture
def make_edge(tmp_path: Path, origin: OriginFake, entry: str) -> Iterator[Callable[..., EdgeProcess]]:
    """An edge of the test's own, which it may end."""
    made: list[EdgeProcess] = []

    def make(**variables: str) -> EdgeProcess:
        made.append(EdgeProcess(tmp_path / "home", origin.port, NEARHOP_EDGE_MAIN=entry, **variables))
        return made[-1]

    yield make
    for edge in made:
        edge.end()
