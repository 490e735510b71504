"""Who else may say who somebody is: the providers of OpenID Connect that NEARHOP_OIDC_PROVIDERS lists."""

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from shared.errors import BadSetting

SETTING = "NEARHOP_OIDC_PROVIDERS"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One provider. `email_domains` are those whose addresses it may vouch for; none given: any."""

    id: Annotated[str, Meta(pattern="^[a-z0-9-]{1,40}$")]
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    issuer: str
    client_id: Annotated[str, Meta(min_length=1)]
    client_secret: str = ""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    email_domains: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Provider({self.id!r}, {self.issuer!r})"  # without the secret, wherever it ends up

    def vouches_for(self, email: str) -> bool:
        """Whether it is believed about this address."""
        domain = email.rpartition("@")[2].lower()
        return not self.email_domains or domain in {each.lower() for each in self.email_domains}


def read(text: str) -> dict[str, Provider]:
    """The providers by id; raises BadSetting, which repeats nothing of the text: there are secrets in it."""
    if not text:
        return {}
    try:
        found = msgspec.json.decode(text, type=list[Provider])
    except msgspec.ValidationError as error:
        raise BadSetting(f"{SETTING}: {error}") from error
    except msgspec.DecodeError as error:
        raise BadSetting(
            f"{SETTING} is not valid JSON: it takes a list of objects, as docs/access.md shows."
        ) from error
    providers = {each.id: each for each in found}
    if len(providers) < len(found):
        raise BadSetting(f"{SETTING}: each provider has an id of its own.")
    _check(found)
    return providers


def _check(providers: Iterable[Provider]) -> None:
    for each in providers:
        if not is_safe(each.issuer, each.issuer) or urlsplit(each.issuer).query:
            raise BadSetting(f"{SETTING}: the issuer of {each.id} is an https:// address.")
        if "openid" not in each.scopes or "email" not in each.scopes:
            raise BadSetting(f"{SETTING}: the scopes of {each.id} need openid and email.")


def is_safe(url: str, issuer: str) -> bool:
    """Whether secrets may go to an address: over https, or to this machine where the issuer is on it too."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK and urlsplit(issuer).hostname in _LOOPBACK
