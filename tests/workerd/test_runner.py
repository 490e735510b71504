"""The runner's own start and end, and what Cloudflare's tool says of the same wrangler.toml."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workerd.edge_process import ROOT, EdgeProcess

MakeEdge = Callable[..., EdgeProcess]


@pytest.fixture(scope="module")
def entry() -> str:
    """The runner starts and ends in the same way with both."""
    return "edge/entry.py"


@pytest.mark.parametrize("name", ["NEARHOP_EDGE_PORT", "NEARHOP_KV_API_PORT"])
def test_a_taken_port_is_one_sentence(make_edge: MakeEdge, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        edge = make_edge(**{name: str(port)})
        assert edge.spawn().wait(30) != 0
        assert edge.output() == f"Port {port} is taken: end what listens there, or set {name} to a free port.\n"


def test_a_wrong_setting_is_one_sentence(make_edge: MakeEdge) -> None:
    edge = make_edge(NEARHOP_EDGE_PORT="no")
    assert edge.spawn().wait(30) != 0
    assert edge.output() == "NEARHOP_EDGE_PORT is 'no', but it takes a port from 1 to 65535.\n"


def test_wrangler_accepts_the_worker_with_all_its_modules(tmp_path: Path) -> None:
    """In a copy: the build step writes into the tree."""
    for name in ("edge", "shared"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "wrangler.toml", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    environment = {**os.environ, "WRANGLER_SEND_METRICS": "false", "HOME": str(tmp_path / "home"), "CI": "1"}
    command = ["npx", "--no-install", "wrangler", "deploy", "--dry-run", "--outdir", str(tmp_path / "out")]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("env.LINKS", "env.CLICKS", "ORIGIN_URL"):
        assert part in done.stdout
    for module in ("redirector/runtime.py", "shared/kv_record.py", "shared/signing.py"):
        assert module in done.stdout
    assert "shared/home.py" not in done.stdout
