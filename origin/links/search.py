"""Finding links by words: of the code first, then of the title, then of URL and comments.

Every word is stored with its workspace before it (`5:spring`), so that one index serves all workspaces and none pays for the
size of another. A word also finds those that begin with it. One that begins nothing is taken for a typing mistake, and
replaced by the words of the workspace that are a slip or two away: of those with many of its trigrams (counted as pg_trgm
does) those that letters left out, put in, mistaken or swapped make of it.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from origin.storage.tables import Row, links, search_words

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 40
_MOST_WORDS = 200
_MOST_ASKED = 8
# Words that are learned for corrections: real ones, not ids.
_LEARNED = re.compile(r"[^\W\d_]{4,24}")
_SIMILAR_ENOUGH = 0.2
_CORRECTIONS = 5
_LOOKED_AT = 50
_ONE_SLIP, _TWO_SLIPS = 4, 8  # letters from which on a word may have that many mistakes
_LOT = 1000

_SIMILAR = sa.text(
    "SELECT word FROM (SELECT word, common::float / (cardinality(grams) + :asked - common) AS share"
    " FROM search_words, LATERAL (SELECT count(*) AS common FROM unnest(grams) AS gram WHERE gram = ANY(:grams)) AS counted"
    " WHERE grams && CAST(:grams AS text[])) AS scored"
    " WHERE share >= :enough ORDER BY share DESC, word LIMIT :most"
)
# The same with pg_trgm, which counts in C.
_SIMILAR_BY_PG_TRGM = sa.text(
    "SELECT word FROM search_words WHERE grams && CAST(:grams AS text[]) AND similarity(word, :word) >= :enough"
    " ORDER BY similarity(word, :word) DESC, word LIMIT :most"
)
_HAS_PG_TRGM = sa.text("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')")
_STORE = sa.text(
    "UPDATE links SET search = CAST(each.vector AS tsvector)"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:vectors AS text[])) AS each (id, vector) WHERE links.id = each.id"
)


def words(text: str | None) -> list[str]:
    """The words of a text, in one form for all ways to write them."""
    plain = unicodedata.normalize("NFKC", text or "").casefold()
    return [word[:_LONGEST] for word in _WORD.findall(plain)]


def vector(row: Row) -> str:
    """What a link is found by, as the text of a tsvector."""
    weighted: dict[str, str] = {}
    url = re.sub(r"^https?://(www\.)?", "", row.url, flags=re.IGNORECASE)
    for weight, text in (("A", row.key), ("A", row.external_id), ("B", row.title), ("D", url), ("D", row.comments)):
        for word in words(text):
            if len(weighted) < _MOST_WORDS:
                weighted.setdefault(word, weight)
    found = enumerate(weighted.items(), 1)
    return " ".join(f"'{row.workspace_id}:{word}':{place}{weight}" for place, (word, weight) in found)


async def index(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Let links that were made or changed be found."""
    if not rows:
        return
    values = {"ids": [row.id for row in rows], "vectors": [vector(row) for row in rows]}
    await connection.execute(_STORE, values)
    learned = _learned(rows)
    if learned:
        await connection.execute(insert(search_words).on_conflict_do_nothing(), learned)


def index_all(connection: sa.Connection) -> None:
    """The same for every link there is, for the migration that brings the search."""
    last = 0
    while True:
        columns = (links.c.id, links.c.workspace_id, links.c.url, links.c.key, links.c.title, links.c.comments)
        select = sa.select(*columns, links.c.external_id).where(links.c.id > last).order_by(links.c.id).limit(_LOT)
        rows = connection.execute(select).all()
        if not rows:
            return
        connection.execute(_STORE, {"ids": [row.id for row in rows], "vectors": [vector(row) for row in rows]})
        if learned := _learned(rows):
            connection.execute(insert(search_words).on_conflict_do_nothing(), learned)
        last = rows[-1].id


async def query(connection: AsyncConnection, workspace_id: int, text: str) -> "sa.ColumnElement[Any] | None":
    """What was typed as a tsquery: all words, each with what begins with it, mistyped ones corrected; None for no word."""
    asked = list(dict.fromkeys(words(text)))[:_MOST_ASKED]
    if not asked:
        return None
    parts = []
    for word in asked:
        meant = [word] if await _begins_something(connection, workspace_id, word) else []
        meant = meant or [word, *await _similar(connection, workspace_id, word)]
        parts.append("(" + " | ".join(f"'{workspace_id}:{each}':*" for each in meant) + ")")
    return sa.cast(" & ".join(parts), TSQUERY)


async def _begins_something(connection: AsyncConnection, workspace_id: int, word: str) -> bool:
    if not _LEARNED.fullmatch(word):
        return True  # ids and short words have no corrections
    table = search_words
    begins = sa.and_(table.c.word >= word, table.c.word < word + "\U0010ffff")
    select = sa.select(sa.exists().where(table.c.workspace_id == workspace_id, begins))
    return bool((await connection.execute(select)).scalar_one())


async def _similar(connection: AsyncConnection, workspace_id: int, word: str) -> list[str]:
    asked = _grams(workspace_id, word)
    values = {"grams": asked, "enough": _SIMILAR_ENOUGH, "most": _LOOKED_AT}
    if (await connection.execute(_HAS_PG_TRGM)).scalar_one():
        candidates = (await connection.execute(_SIMILAR_BY_PG_TRGM, {**values, "word": word})).scalars()
    else:
        candidates = (await connection.execute(_SIMILAR, {**values, "asked": len(asked)})).scalars()
    allowed = 2 if len(word) >= _TWO_SLIPS else 1
    distances = [(slips(word, each), each) for each in candidates] if len(word) >= _ONE_SLIP else []
    return [each for distance, each in sorted(distances) if distance <= allowed][:_CORRECTIONS]


def slips(typed: str, meant: str) -> int:
    """How many letters were left out, put in, mistaken or swapped with the next (optimal string alignment distance)."""
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, a in enumerate(typed, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(meant, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == meant[j - 2] and typed[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _learned(rows: Iterable[Row]) -> list[dict[str, Any]]:
    found = {
        (row.workspace_id, word)
        for row in rows
        for text in (row.title, row.comments, row.key, row.url)
        for word in words(text)
        if _LEARNED.fullmatch(word)
    }
    ordered = sorted(found)  # in one order for all, against deadlocks
    return [{"workspace_id": own, "word": word, "grams": _grams(own, word)} for own, word in ordered]


def _grams(workspace_id: int, word: str) -> list[str]:
    padded = f"  {word} "
    return sorted({f"{workspace_id}:{padded[n : n + 3]}" for n in range(len(padded) - 2)})
