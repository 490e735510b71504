import pytest

from cli.errors import UsageError
from cli.importing.rows import Format, Row, detect, read


def rows(text: str | bytes, kind: Format = Format.TEXT) -> list[Row]:
    return list(read(text if isinstance(text, bytes) else text.encode(), kind))


def test_text_has_a_url_a_line_and_keeps_it_to_the_byte() -> None:
    urls = [
        "https://example.com/a?b=c#d",
        "https://bücher.example/😀?q=a%20b&x=[1]",
        "HTTPS://Example.COM",
        "not a url",
    ]
    found = rows("# a list\n\n" + "\r\n".join(f"  {url}\t" for url in urls) + "\n")
    assert [row.url for row in found] == urls
    assert [row.line for row in found] == [3, 4, 5, 6]
    assert not any(row.problem for row in found)


def test_a_byte_order_mark_is_no_part_of_the_first_url() -> None:
    assert rows(b"\xef\xbb\xbfhttps://example.com")[0].url == "https://example.com"


def test_a_line_separator_inside_a_line_does_not_cut_it() -> None:
    assert [row.url for row in rows("https://example.com/a\u2028b\x0bc")] == ["https://example.com/a\u2028b\x0bc"]


def test_a_line_that_is_not_utf8_is_a_problem_of_its_own() -> None:
    found = rows(b"https://example.com/\xff\nhttps://example.com/ok\n")
    assert [bool(row.problem) for row in found] == [True, False]
    assert found[0].url == "https://example.com/\ufffd"


def test_csv_columns_are_the_apis_names_in_any_order() -> None:
    text = 'note,title,url,key,archived\nx,"A, ""B""\nC",https://example.com/1,abc,yes\n,,https://example.com/2,,\n\n'
    assert [row.fields for row in rows(text, Format.CSV)] == [
        {"title": 'A, "B"\nC', "url": "https://example.com/1", "key": "abc", "archived": True},
        {"url": "https://example.com/2"},
    ]


def test_a_csv_without_a_url_column_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="externalId"):
        rows("link,code\nhttps://example.com,a\n", Format.CSV)


def test_a_csv_row_without_a_url_is_named_by_its_line() -> None:
    found = rows("url,key\n,a\nhttps://example.com,b\n", Format.CSV)
    assert [(row.line, row.problem) for row in found] == [(2, "there is no url"), (3, "")]


def test_json_lines_are_passed_on_as_they_are() -> None:
    text = '{"url": "https://example.com", "archived": true, "unknown": [1]}\n'
    assert rows(text, Format.JSONL)[0].fields == {"url": "https://example.com", "archived": True, "unknown": [1]}


@pytest.mark.parametrize("line", ["{", '"https://example.com"', "[]", '{"url": 7}', '{"key": "a"}', '{"url": ""}', "#"])
def test_a_bad_json_line_is_a_problem_of_its_own(line: str) -> None:
    found = rows(f'{line}\n{{"url": "https://example.com"}}', Format.JSONL)
    assert [bool(row.problem) for row in found] == [True, False]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", "x", Format.CSV),
        ("a.JSONL", "x", Format.JSONL),
        ("a.ndjson", "x", Format.JSONL),
        ("a.txt", "https://example.com/{url},url", Format.TEXT),
        ("-", 'title,"url"\n', Format.CSV),
        ("-", '\n {"url": ""}', Format.JSONL),
        ("-", "", Format.TEXT),
        ("-", "https://example.com/?a,url", Format.TEXT),
    ],
)
def test_the_format_is_told_by_name_or_content(name: str, content: str, kind: Format) -> None:
    assert detect(name, content.encode()) is kind


def test_a_row_is_the_same_link_by_url_domain_and_key_unless_it_says_itself() -> None:
    plain = Row(1, {"url": "https://example.com"})
    assert plain.external_id == Row(9, {"url": "https://example.com", "title": "other", "key": ""}).external_id
    assert plain.external_id != Row(1, {"url": "https://example.com", "key": "a"}).external_id
    assert plain.external_id != Row(1, {"url": "https://example.com/"}).external_id
    assert "/" not in plain.external_id
    assert Row(1, {"url": "u", "externalId": "mine"}).external_id == "mine"
    assert plain.body == {"url": "https://example.com", "externalId": plain.external_id}
