"""The numbered DDL for a cluster: each table becomes a replicated one on every shard and a distributed one over them.

All rows of a workspace live on one shard, so each shard's materialized views make whole rollups of their own rows, and a
question about a workspace is one shard's to answer. The distributed tables bear the plain names, so queries stay the same.
"""

import re

LOCAL = "_local"
# Inserts into a distributed table wait for the shards, so that a token's block is stored when the insert returns.
INSERT_SETTINGS = {"distributed_foreground_insert": 1}

_CREATE_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)")
_ENGINE = re.compile(r"ENGINE = (\w*MergeTree)\b(?:\((\w+)\))?")
_CREATE_VIEW = re.compile(r"CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+) AS")
_FROM = re.compile(r"\bFROM (clicks|link_counts|dimension_counts|conversion_credits)\b")
_ALTER = re.compile(r"ALTER TABLE (\w+)")
# A view that nothing feeds reads the distributed tables.
_PLAIN = re.compile(r"(CREATE VIEW IF NOT EXISTS|DROP VIEW IF EXISTS|DROP TABLE IF EXISTS) (\w+)")


class UnknownStatement(ValueError):
    """A numbered file has a statement that has no form for a cluster."""


def statements(statement: str, cluster: str) -> list[str]:
    """What to send for this one: itself, or, where a cluster is named, what does the same there."""
    return render(statement, cluster) if cluster else [statement]


def render(statement: str, cluster: str) -> list[str]:
    """The statements that do on a cluster what this one does on one server; raises UnknownStatement."""
    on = f"ON CLUSTER '{cluster}'"
    if match := _CREATE_TABLE.match(statement):
        return _tables(statement, match[1], cluster)
    if match := _CREATE_VIEW.match(statement):
        head = f"CREATE MATERIALIZED VIEW IF NOT EXISTS {match[1]} {on} TO {match[2]}{LOCAL} AS"
        # It keeps its plain name as an alias: the SELECTs tell its columns from their own by it.
        return [head + _FROM.sub(rf"FROM \1{LOCAL} AS \1", statement[match.end() :])]
    if match := _ALTER.match(statement):
        rest = statement[match.end() :]
        tables = [match[1] + LOCAL]
        if rest.lstrip().startswith(("ADD COLUMN", "MODIFY COLUMN")):
            tables.append(match[1])
        return [f"ALTER TABLE {table} {on}{rest}" for table in tables]
    if match := _PLAIN.match(statement):
        dropped = match[1] == "DROP TABLE IF EXISTS"
        names = (match[2], match[2] + LOCAL) if dropped else (match[2],)
        rest = " SYNC" if dropped else statement[match.end() :]
        return [f"{match[1]} {name} {on}{rest}" for name in names]
    if statement.startswith("INSERT INTO "):
        return [statement]
    raise UnknownStatement(f"{UnknownStatement.__doc__} It begins {statement[:60]!r}.")


def _tables(statement: str, name: str, cluster: str) -> list[str]:
    on = f"ON CLUSTER '{cluster}'"
    place = f"'/clickhouse/tables/{{shard}}/{{database}}/{name}', '{{replica}}'"
    local = _CREATE_TABLE.sub(rf"CREATE TABLE IF NOT EXISTS \1{LOCAL} {on}", statement, count=1)
    local, replaced = _ENGINE.subn(
        lambda found: f"ENGINE = Replicated{found[1]}({', '.join(filter(None, (place, found[2])))})", local
    )
    if replaced != 1:
        raise UnknownStatement(f"{UnknownStatement.__doc__} It makes {name}, which is no MergeTree.")
    local = local.replace("non_replicated_deduplication_window", "replicated_deduplication_window")
    shard_by = "workspace_id" if re.search(r"^\s*workspace_id\b", statement, re.MULTILINE) else "version"
    distributed = (
        f"CREATE TABLE IF NOT EXISTS {name} {on} AS {name}{LOCAL}\n"
        f"ENGINE = Distributed('{cluster}', currentDatabase(), {name}{LOCAL}, cityHash64({shard_by}))"
    )
    return [local, distributed]
