"""A client for the account in use."""

from cli.config import account
from cli.origin_client import OriginClient
from cli.settings import read_settings


def client(patience: float = 3.0) -> OriginClient:
    """Raises NotLoggedIn when there is no account."""
    found = account(read_settings())
    return OriginClient(found.url, found.api_key, patience=patience)
