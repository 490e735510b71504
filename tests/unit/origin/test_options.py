"""From a link's row to the options of its KV record."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from origin.links import redirects
from origin.links.fields import DEFAULTS
from origin.links.options import Records, concerns_edge, options
from origin.links.redirects import Redirect
from shared.kv_record import decode

URL = "https://example.com/"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def row(**columns: Any) -> Any:
    return SimpleNamespace(**{**DEFAULTS, "id": 7, "workspace_id": 3, "url": URL, **columns})


def test_a_plain_link_has_none() -> None:
    assert options(row()) == {}
    assert Records("s").render(row(), 5) == f"1.7.3.5.{URL}"


def test_each_field_becomes_the_edges_option() -> None:
    variants = [{"url": URL + "a", "percentage": 40.0}, {"url": URL + "b", "percentage": 60.0}]
    found = options(
        row(
            disabled_at=NOW, expires_at=NOW, expired_url=URL + "x", geo={"DE": URL}, ios=URL + "i", android=URL + "d",
            test_variants=variants, test_started_at=NOW, test_completed_at=NOW, track_conversion=True, do_index=True,
            rewrite=True, proxy=True, title="T", image=URL + "p", public_stats=True, comments="none of its business",
        )
    )  # fmt: skip
    assert found == {
        "disabled": True, "expires_at": 1893456000000, "expired_url": URL + "x", "geo": {"DE": URL}, "ios": URL + "i",
        "android": URL + "d", "variants": [{"url": URL + "a", "weight": 40.0}, {"url": URL + "b", "weight": 60.0}],
        "variants_from": 1893456000000, "variants_until": 1893456000000, "track": True, "index": True, "cloak": True,
        "og": {"title": "T", "image": URL + "p"},
    }  # fmt: skip


def test_rules_are_sent_in_the_edges_words() -> None:
    given = {
        "status": 307, "startsAt": "2030-01-01T00:00:00Z", "forwardPath": True, "forwardQuery": "append",
        "params": {"utm_source": "x"}, "winner": 1, "rememberVariant": True, "iosApp": "spotify:track:1",
        "maxClicks": 5, "oneTime": True, "unsafe": "adults only",
        "rules": [
            {"url": URL, "app": "app://x", "unless": {"eu": True},
             "when": {"osVersion": {"min": "16"}, "after": "2030-01-01T00:00:00Z", "hours": ["22:00", "06:00"],
                      "zone": "Europe/Berlin", "query": {"a": ["b"]}, "returning": False}},
        ],
    }  # fmt: skip
    stored = redirects.columns(msgspec.convert(given, Redirect))
    assert options(row(redirect=stored)) == {
        "status": 307, "starts_at": 1893456000000, "prefix": True, "query": "append", "params": {"utm_source": "x"},
        "winner": 1, "sticky": "cookie", "ios_app": "spotify:track:1", "once": True, "unsafe": "adults only",
        "rules": [
            {"url": URL, "app": "app://x", "unless": {"eu": True},
             "when": {"os_version": {"min": "16"}, "after": 1893456000000, "hours": ["22:00", "06:00"],
                      "zone": "Europe/Berlin", "query": {"a": ["b"]}, "returning": False}},
        ],
    }  # fmt: skip


def test_a_capped_link_says_so_also_where_a_password_hides_the_rest() -> None:
    assert options(row(capped_at=NOW, expired_url=URL)) == {"capped": True, "expired_url": URL}
    record = decode(Records("s").render(row(capped_at=NOW, password_hash="verifier"), 5))
    assert set(record.options) == {"capped", "password", "sealed"}


def test_a_redirect_that_says_nothing_is_not_stored() -> None:
    assert redirects.columns(Redirect()) is None
    assert redirects.columns(None) is None


def test_what_a_password_protects_is_not_in_the_record_in_clear() -> None:
    value = Records("s").render(row(password_hash="verifier", geo={"DE": URL + "de"}, expires_at=NOW), 5)
    assert "example.com" not in value
    record = decode(value)
    assert (record.url, set(record.options)) == ("", {"password", "expires_at", "sealed"})
    sealed = base64.urlsafe_b64decode(record.options["sealed"] + "==")
    key = hmac.new(b"s", b"nearhop sealed options 1", hashlib.sha256).digest()
    opened = json.loads(AESGCM(key).decrypt(sealed[:12], sealed[12:], b"7"))
    assert opened == {"url": URL, "geo": {"DE": URL + "de"}}


def test_only_what_the_edge_acts_on_concerns_it() -> None:
    assert not concerns_edge(row(title="A"), row(title="B", comments="C"))
    assert concerns_edge(row(title="A", proxy=True), row(title="B", proxy=True))
    assert concerns_edge(row(), row(url=URL + "2"))


def test_the_codes_below_a_link_stand_in_its_record_and_a_passwords_are_sealed() -> None:
    assert decode(Records("s").render(row(), 5, ["a", "b/c"])).options == {"below": ["a", "b/c"]}
    assert decode(Records("s").render(row(), 5, below=True)).options == {"below": True}
    assert Records("s").render(row(), 5, []) == Records("s").render(row(), 5)
    assert set(decode(Records("s").render(row(password_hash="x"), 5, ["a"])).options) == {"password", "sealed"}
