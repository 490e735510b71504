"""The composition root: what one isolate keeps between its requests, built within the first of them."""

from typing import Any

from redirector.handler import Edge
from redirector.runtime import WorkerRuntime, each_message, variable
from redirector.settings import read_settings


class Isolate:
    """Empty until the first request: a Worker's modules run before there is a clock or an environment."""

    def __init__(self) -> None:
        self.edge: Edge | None = None

    def start(self, env: Any) -> Edge:
        """Build the edge from the Worker's bindings; raises BadSetting."""
        settings = read_settings(lambda name: variable(env, name))
        self.edge = Edge(WorkerRuntime(env), settings)
        return self.edge

    async def consume(self, batch: Any, env: Any) -> None:
        """Post each queued batch of clicks to origin."""
        edge = self.edge or self.start(env)
        await each_message(batch, edge.origin.post_clicks)
