"""Servers keep idle connections longer than those who call them do."""

import importlib
import signal
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn

from dashboard.origin_client import OriginClient
from origin.__main__ import serve
from shared.keep_alive import KEEP_ALIVE_SECONDS


class Started(Exception):
    """A server would run from here on."""


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how many seconds each server that is started keeps idle connections."""
    found: list[float] = []

    def start(app: Any, **options: Any) -> None:
        found.append(uvicorn.Config(app, **options).timeout_keep_alive)
        raise Started

    def run(server: uvicorn.Server) -> None:
        found.append(server.config.timeout_keep_alive)
        raise Started

    monkeypatch.setattr(uvicorn.Server, "run", run)
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(uvicorn, "run", start)
    return found


@pytest.mark.parametrize("name", ["dashboard", "landing"])
def test_the_pages_servers_outlast_their_clients(name: str, kept: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(f"{name}.__main__")
    monkeypatch.setattr(module, "create_app", lambda settings: SimpleNamespace(state=SimpleNamespace(feeds=None)))
    monkeypatch.setattr(module, "load", lambda kind: SimpleNamespace(**dict.fromkeys(_SETTINGS, "127.0.0.1")))
    monkeypatch.setattr(module.structlog, "configure", lambda **options: None)
    with pytest.raises(Started):
        module.main()
    assert kept == [KEEP_ALIVE_SECONDS]


_SETTINGS = ("host", "landing_port", "dashboard_port", "origin_base")


def test_origin_outlasts_the_dashboard(kept: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("origin.__main__")
    settings: Any = SimpleNamespace(host="127.0.0.1", origin_port=0, trusted_proxies=())
    for name, value in (("bootstrap", SimpleNamespace(live=None)), ("prepare", None), ("create_app", None)):
        monkeypatch.setattr(module, name, lambda *given, value=value: value)
    monkeypatch.setattr(module.sys, "setswitchinterval", lambda seconds: None)
    with pytest.raises(Started):
        serve(settings, settings)
    (server,) = kept
    transport = OriginClient("http://origin.test")._http._transport
    assert isinstance(transport, httpx.AsyncHTTPTransport)
    client = transport._pool._keepalive_expiry
    assert client is not None
    assert server > 2 * client
