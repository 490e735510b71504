"""Looks at differences again under lock, and puts what is really wrong back into the outbox."""

from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import AsyncConnection

from kvsync.drift import Difference, Kind
from kvsync.sql import statements
from shared import kv_record

_SQL = statements("reconcile.sql")


@dataclass(slots=True)
class Findings:
    """What was seen of a set of differences: the real ones, and how many were only edits under way."""

    real: list[tuple[Kind, Difference]] = field(default_factory=list)
    under_way: int = 0


@dataclass(frozen=True, slots=True)
class _Known:
    """A key as Postgres sees it, under lock. `version` is what kvsync noted as written."""

    link: tuple[int, str] | None
    version: int
    under_way: bool
    refused: bool


async def examine(connection: AsyncConnection[Any], seen: list[Difference], settle: float, *, repair: bool) -> Findings:
    """Tell drift from edits under way, and with `repair` queue its repair. Raises psycopg.Error."""
    findings = Findings()
    changes: list[tuple[str, int, str | None]] = []
    async with connection.transaction():
        known = await _look(connection, seen, settle)
        for each in seen:
            state = known[each.key]
            now = replace(each, wanted=state.link[0] if state.link else None)
            if now.wanted == now.found or (state.under_way and now.kind is not Kind.FOREIGN):
                findings.under_way += now.wanted != now.found
                continue
            kind = Kind.REFUSED if state.refused and now.wanted is not None else now.kind
            findings.real.append((kind, now))
            if repair and kind not in {Kind.FOREIGN, Kind.REFUSED}:
                changes.append(await _change(connection, now, state))
        await _queue(connection, changes)
    return findings


async def _look(connection: AsyncConnection[Any], seen: list[Difference], settle: float) -> dict[str, _Known]:
    parts = [each.key.partition("/") for each in seen]
    domains, codes = [domain for domain, _, _ in parts], [code for _, _, code in parts]
    cursor = await connection.execute(_SQL["lock_links"], {"domains": domains, "codes": codes})
    links = {key: (version, value) for key, version, value in await cursor.fetchall()}
    keys = [each.key for each in seen]
    cursor = await connection.execute(_SQL["key_states"], {"keys": keys, "settle": settle})
    return {key: _Known(links.get(key), *state) for key, *state in await cursor.fetchall()}


async def _change(connection: AsyncConnection[Any], drift: Difference, state: _Known) -> tuple[str, int, str | None]:
    """The outbox row that puts the key right. Its version is never below what KV has or had."""
    highest = max(drift.found or 0, state.version)
    if state.link is None:
        # A link made meanwhile has a higher version than this one, which was taken before: its record wins.
        await _keep_versions_above(connection, highest)
        return drift.key, highest, None
    version, value = state.link
    if highest > version:
        return await _raise_version(connection, drift.key, highest, value)
    return drift.key, version, value


async def _raise_version(
    connection: AsyncConnection[Any], key: str, above: int, value: str
) -> tuple[str, int, str | None]:
    """KV is ahead of Postgres: give the link a version above KV's, so that its record may replace the one there."""
    await _keep_versions_above(connection, above)
    row = await (await connection.execute(_SQL["next_version"])).fetchone()
    assert row is not None, "nextval has a value"
    value = kv_record.encode(replace(kv_record.decode(value), version=row[0]))
    domain, _, code = key.partition("/")
    parameters = {"version": row[0], "value": value, "domain": domain, "code": code}
    await connection.execute(_SQL["rewrite_link"], parameters)
    return key, row[0], value


async def _keep_versions_above(connection: AsyncConnection[Any], version: int) -> None:
    row = await (await connection.execute(_SQL["last_version"])).fetchone()
    if row is None or row[0] < version:
        await connection.execute(_SQL["raise_versions"], {"version": version})


async def _queue(connection: AsyncConnection[Any], changes: list[tuple[str, int, str | None]]) -> None:
    if not changes:
        return
    changes.sort(key=lambda change: change[0])
    keys, versions, values = (list(column) for column in zip(*changes, strict=True))
    await connection.execute(_SQL["enqueue"], {"keys": keys, "versions": versions, "values": values})
    await connection.execute(_SQL["forget"], {"keys": keys, "versions": versions})
    await connection.execute(_SQL["wake"])
