import gc
import random
from typing import Any

import pytest

from origin.clicks.block_table import BlockTable
from origin.clicks.columns import BlockColumns
from origin.clicks.enrich import Enricher, Origin, _Query
from origin.clicks.event import Batch, Click
from origin.clicks.geo import GeoFile
from origin.clicks.remembered import Remembered
from origin.clicks.row import ClickRow
from origin.clicks.visitors import VisitorHash, address_keeper

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
AT = 1_800_000_000_000


@pytest.fixture
def enricher() -> Enricher:
    return Enricher(GeoFile(None), VisitorHash("secret"), address_keeper("truncated"), ("ref",))


def click(name: str, **fields: Any) -> Click:
    values = {"id": name, "at": AT, "link": 1, "workspace": 1, "version": 1, "domain": "s.example", "code": "a"}
    return Click(**{**values, "url": "https://example.com/", "user_agent": CHROME, "ip": "192.0.2.1", **fields})


def many(rng: random.Random, name: str) -> list[Click]:
    return [
        click(
            f"{name}-{index}",
            at=AT + rng.randint(0, 10**8),
            link=rng.randint(1, 9),
            workspace=rng.randint(1, 3),
            url=rng.choice(["https://example.com/?utm_source=x&ref=ü", "https://example.com/"]),
            kind=rng.choice(["click", "click", "head", "prefetch", "preview"]),
            trigger=rng.choice(["link", "qr"]),
            user_agent=rng.choice([CHROME, "curl/8.5", ""]),
            ip=rng.choice(["", "192.0.2.1", "2001:db8::1"]),
            country=rng.choice(["DE", "", "US"]),
            latitude=rng.choice(["52.5", "", "north"]),
            asn=rng.choice([0, 16509, 4_200_000_000]),
            language=rng.choice(["de-DE,de;q=0.9", ""]),
            referer=rng.choice(["", "https://www.google.com/"]),
            variant=rng.choice([None, 0, 1]),
        )
        for index in range(50)
    ]


def filled(enricher: Enricher, batches: list[Batch]) -> BlockTable:
    columns = BlockColumns(enricher.enriched_by)
    for batch in batches:
        columns.add(AT, batch, enricher.told(batch.clicks))
    table = columns.table()
    assert table is not None
    return table


def rows_of(table: BlockTable, *, mine: set[str], capped: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.make("block", mine, capped, {2: 30}).rows.to_pylist()
    for row in found:
        row["parameters"] = dict(row["parameters"])
        row["timestamp"], row["received_at"] = (
            round(row[name].timestamp() * 1000) for name in ("timestamp", "received_at")
        )
    return found


def test_columns_say_what_rows_say(enricher: Enricher) -> None:
    rng = random.Random(1)
    batches = [Batch(f"batch-{number}", f"edge-{number % 2}", many(rng, f"{number}")) for number in range(4)]
    columns = filled(enricher, batches)
    expected = [
        enricher.row(Origin(batch.batch_id, "block", batch.edge, AT, {2: 30}), each)._asdict()
        for batch in batches
        for each in batch.clicks
    ]
    found = rows_of(columns, mine={batch.batch_id for batch in batches})
    assert list(found[0]) == list(ClickRow._fields)
    assert found == expected
    assert len({row["verdict"] for row in found}) == 5
    assert rows_of(columns, mine={batch.batch_id for batch in batches}) == found, "made again it is the same"


def test_batches_of_others_and_repeated_ones_are_duplicates_whatever_they_were(enricher: Enricher) -> None:
    given = [click("1"), click("2", user_agent="curl/8.5")]
    batches = [Batch("a", "edge", given), Batch("a", "edge", given), Batch("b", "edge", given), Batch("c", "edge", [])]
    rows = rows_of(filled(enricher, batches), mine={"a", "c"})
    assert [row["verdict"] for row in rows] == ["click", "bot", *["duplicate"] * 4]


def test_clicks_of_capped_workspaces_are_capped_and_people_were_led_on_all_the_same(enricher: Enricher) -> None:
    given = [click("1", workspace=7, link=70), click("2", workspace=7, kind="head"), click("3", workspace=8, link=80)]
    columns = filled(enricher, [Batch("a", "edge", given)])
    assert [row["verdict"] for row in rows_of(columns, mine={"a"}, capped=(7,))] == ["capped", "head", "click"]
    made = columns.make("block", {"a"}, (7,), {})
    assert (made.links.tolist(), made.times.tolist()) == ([70, 80], [AT, AT])


def test_a_sweep_is_named_and_a_busy_visitor_of_few_links_is_not(enricher: Enricher) -> None:
    sweep = [click(f"s{link}", link=link) for link in range(1, 21)]
    busy = [click(f"b{number}", link=number % 19, ip="192.0.2.2") for number in range(60)]
    slow = [click(f"t{link}", link=link, ip="192.0.2.3", at=AT + 1000 * (link % 2)) for link in range(1, 31)]
    mixed = [*sweep, *busy, *slow]
    random.Random(2).shuffle(mixed)
    rows = rows_of(filled(enricher, [Batch("a", "edge", mixed)]), mine={"a"})
    swept = {row["click_id"] for row in rows if row["bot_reason"] == "sweep"}
    assert swept == {each.id for each in sweep}
    assert all(
        (row["verdict"], row["bot"], row["bot_name"]) == ("bot", True, "sweep")
        for row in rows
        if row["click_id"] in swept
    )


def test_what_is_remembered_is_bounded_by_entries_and_by_characters() -> None:
    remembered = Remembered[str, int](len, entries=6, characters=200)
    for number in range(60):
        assert remembered["x" * number] == number
        entries, characters = remembered.kept
        assert entries <= 6
        assert characters <= 200
    assert remembered["x" * 90] == 90, "what is longer than all may be is remembered alone"


def test_an_enricher_holds_no_more_of_long_queries_than_it_may(enricher: Enricher) -> None:
    for number in range(12_000):
        enricher.told([click("long", query=f"gclid={number}{'x' * 8000}")])
    held = sum(len(each.text) for each in gc.get_objects() if isinstance(each, _Query))
    assert held <= 64 << 20, "those of queries and of sources, 32 MB each"


def test_what_is_asked_for_often_is_made_once() -> None:
    made = list[int]()

    def make(number: int) -> str:
        made.append(number)
        return str(number)

    remembered = Remembered(make, entries=10)
    for number in range(1, 100):
        assert remembered[0] == "0"
        assert remembered[number] == str(number)
    assert made == list(range(100))
