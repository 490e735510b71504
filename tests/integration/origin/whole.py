"""All of origin on a real port, its embedded ClickHouse too, and two ways to call it: with an API key, and as a person."""

import asyncio
from pathlib import Path

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from origin.accounts.access_tokens import AccessTokens, Claims
from origin.app import create_app
from origin.bootstrap import bootstrap
from origin.clicks.settings import ClickSettings
from origin.settings import OriginSettings
from origin.storage.engine import make_engine
from tests.factories import Account, new_account
from tests.integration.origin.served import Served
from tests.origin_app import EDGE_SECRET, NO_DNS, SECRET_KEY

_FAMILY = "00000000-0000-4000-8000-{user:012}"
_SESSION = """
INSERT INTO sessions (user_id, family, expires_at) VALUES (%s, %s, now() + interval '1 day') ON CONFLICT DO NOTHING
"""


def whole_app(home: Path, database_url: str) -> Starlette:
    """Origin as it is installed, but that nobody is limited and no name is looked up."""
    settings = OriginSettings(
        home=home, database_url=database_url, secret_key=SECRET_KEY, edge_secret=EDGE_SECRET, dns_servers=(NO_DNS,),
        rate_limits=("free=0",), rate_limit_people=0, rate_limit_addresses=0, api_requests_log=False,
    )  # fmt: skip
    return create_app(bootstrap(settings, ClickSettings()))


class WholeOrigin(Served):
    """`whole_app` on a port of its own."""

    lifespan = "on"

    def __init__(self, postgres_url: str, home: Path) -> None:
        super().__init__(postgres_url)
        self._home = home

    def app(self, engine: AsyncEngine) -> Starlette:
        del engine  # it has its own
        return whole_app(self._home, self._postgres_url)

    def key(self) -> str:
        """The API key of an owner."""
        return self.account.api_key

    def person(self) -> str:
        """An access token of that owner, whose session goes on, whatever was done to it."""
        user = self.account.actor.user_id
        family = _FAMILY.format(user=user)
        with psycopg.connect(self._postgres_url) as connection:
            connection.execute(_SESSION, [user, family])
        return AccessTokens(SECRET_KEY).issue(Claims(user, family))

    def begin_anew(self) -> None:
        """Another owner with a workspace where nothing is."""
        self.account = asyncio.run(self._new_account())

    async def _new_account(self) -> Account:
        engine = make_engine(self._postgres_url)
        try:
            return await new_account(engine)
        finally:
            await engine.dispose()
