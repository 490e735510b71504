"""What DNS says about a domain: whose it is (TXT), and whether it leads to the edge (CNAME)."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver

_SECONDS = 5.0
_PURPOSE = "nearhop domain proof 1"


class DnsSilent(Exception):
    """No name server answered: try again in a moment."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The records that a workspace has to set for a domain."""

    txt_name: str
    txt_value: str
    cname_value: str


@dataclass(frozen=True, slots=True)
class Found:
    """Which of the records there are."""

    txt: bool
    cname: bool


class DomainDns:
    """Asks name servers: those given as `host` or `host:port`, else the machine's own."""

    def __init__(self, secret_key: str, edge_host: str, servers: Sequence[str] = ()) -> None:
        self._secret = secret_key
        self._edge_host = edge_host
        self._resolver = dns.asyncresolver.Resolver(configure=not servers)
        self._resolver.lifetime = _SECONDS
        if servers:
            self._resolver.nameservers = [_server(each) for each in servers]

    def proof(self, workspace_id: int, slug: str) -> Proof:
        """What proves that the domain is this workspace's: nobody else can know the value before it is in DNS."""
        text = f"{_PURPOSE}\n{workspace_id}\n{slug}"
        token = hmac.new(self._secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]
        return Proof(f"_nearhop.{slug}", f"nearhop-domain={token}", self._edge_host)

    async def look(self, workspace_id: int, slug: str) -> Found:
        """What is set of that; raises DnsSilent."""
        proof = self.proof(workspace_id, slug)
        texts = await self._ask(proof.txt_name, "TXT")
        names = await self._ask(slug, "CNAME")
        return Found(proof.txt_value in texts, proof.cname_value in names)

    async def _ask(self, name: str, kind: str) -> set[str]:
        try:
            answer = await self._resolver.resolve(name, kind, raise_on_no_answer=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return set()
        except dns.exception.DNSException as error:
            raise DnsSilent(f"The name servers did not answer for {name}: {type(error).__name__}.") from error
        if kind == "TXT":
            return {b"".join(record.strings).decode(errors="replace") for record in answer}
        return {record.target.to_text(omit_final_dot=True).lower() for record in answer}


def _server(text: str) -> dns.nameserver.Nameserver:
    host, _, port = text.partition(":")
    return dns.nameserver.Do53Nameserver(host, int(port or 53))
