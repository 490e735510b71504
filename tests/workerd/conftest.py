"""The edge in the real runtime, with a small origin behind it. One edge serves a module; tests that stop it have their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workerd.edge_process import ROOT, SECRET, EdgeProcess
from tests.workerd.origin_fake import OriginFake


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("workerd")


@pytest.fixture(scope="module", params=["functions", "class"])
def shape(request: pytest.FixtureRequest) -> str:
    """Which entry file the shared edge has: entry.py or entry_class.py."""
    return str(request.param)


@pytest.fixture(scope="module")
def shared_origin(shape: str) -> Iterator[OriginFake]:
    origin = OriginFake(SECRET)
    yield origin
    origin.stop()


@pytest.fixture(scope="module")
def shared_edge(
    tmp_path_factory: pytest.TempPathFactory, shared_origin: OriginFake, shape: str
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
    )
    if shape == "class":
        edge.command = (str(ROOT / "tests/workerd/class_shape.mjs"),)
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
def make_edge(tmp_path: Path, origin: OriginFake) -> Iterator[Callable[..., EdgeProcess]]:
    """An edge of the test's own, which it may end."""
    made: list[EdgeProcess] = []

    def make(**variables: str) -> EdgeProcess:
        made.append(EdgeProcess(tmp_path / "home", origin.port, **variables))
        return made[-1]

    yield make
    for edge in made:
        edge.end()
