"""Ports that nothing listens on."""

import socket
from contextlib import ExitStack


def unused_ports(count: int) -> list[int]:
    """As many as asked for, all of them different."""
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(server.getsockname()[1]) for server in servers]
