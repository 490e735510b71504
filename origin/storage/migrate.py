"""Bring a database's schema up to this release, or tell that it is behind."""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from origin.storage.engine import sqlalchemy_url

_FOLDER = Path(__file__).parent / "migrations"


def upgrade(database_url: str) -> None:
    """Apply every migration that is missing. Safe to call from several processes at once."""
    command.upgrade(_config(database_url), "head")


def is_current(database_url: str) -> bool:
    """Whether the database has the newest migration of this release."""
    head = ScriptDirectory.from_config(_config(database_url)).get_current_head()
    engine = create_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def _config(database_url: str) -> Config:
    config = Config(stdout=sys.stderr)
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["database_url"] = database_url
    return config
