"""What stands in the way of a start is said in one sentence that names the remedy."""

import socket
import stat
from pathlib import Path

import pytest

from deploy.local import preflight
from deploy.local.errors import CannotStart


def test_a_taken_port_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(CannotStart, match=f"^Port {port} is taken: .* set NEARHOP_EDGE_PORT to a free port.$"):
            preflight.check_ports("127.0.0.1", {"edge_port": port})


def test_two_settings_with_one_port_are_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(CannotStart, match=f"NEARHOP_ORIGIN_PORT and NEARHOP_EDGE_PORT are both {port}"):
        preflight.check_ports("127.0.0.1", {"edge_port": port, "origin_port": port})


def test_an_old_python_is_refused_and_a_new_one_taken() -> None:
    preflight.check_python((3, 11))
    with pytest.raises(CannotStart, match=r"Python 3\.10 is too old: install 3\.11"):
        preflight.check_python((3, 10))


def test_a_missing_node_is_refused() -> None:
    with pytest.raises(CannotStart, match=r"Node\.js was not found: install version 20"):
        preflight.check_node(None)


@pytest.mark.parametrize(("version", "message"), [("v18.19.0", "v18.19.0 is too old"), ("nonsense", "is too old")])
def test_an_old_node_is_refused(tmp_path: Path, version: str, message: str) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(node.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(CannotStart, match=message):
        preflight.check_node(str(node))


def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="cannot be written"):
        preflight.check_home(tmp_path / "file" / "home")
