"""A whole Nearhop for the journeys, started once: the processes of `make run` on free ports."""

from collections.abc import Iterator

import httpx
import pytest

from deploy.local.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("journey") / "home") as started:
        yield started


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    """The REST API as the local owner."""
    headers = {"Authorization": f"Bearer {stack.credentials['api_key']}"}
    with httpx.Client(base_url=f"{stack.url('origin')}/api/v1", headers=headers, timeout=30) as client:
        yield client
