"""The canonical form and the expressions of Safe Browsing, by examples of its documentation and by what attackers write."""

import pytest

from origin.safety.web_address import read


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://host.example/%25%32%35", "host.example/%25"),
        ("http://host.example/%25%32%35%25%32%35", "host.example/%25%25"),
        ("http://host.example/%2525252525252525", "host.example/%25"),
        ("http://www.example.com/blah/..", "www.example.com/"),
        ("http://www.example.com/a/../b/./c//d", "www.example.com/b/c/d"),
        ("http://www.EXAMPLE.com./", "www.example.com/"),
        ("http://www.example.com/q?r?s", "www.example.com/q?r?s"),
        ("http://evil.example/foo#bar#baz", "evil.example/foo"),
        ("http://0x7f.1/path", "127.0.0.1/path"),
        ("http://user:secret@evil.example:8080/x", "evil.example/x"),
        ("https://evil.example\\folder\\page", "evil.example/folder/page"),
        ("https://bücher.example/ü", "xn--bcher-kva.example/%C3%BC"),
        ("http://host.example/folder/", "host.example/folder/"),
        ("http://host.example?x=1", "host.example/?x=1"),
    ],
)
def test_every_spelling_of_an_address_is_one(url: str, canonical: str) -> None:
    found = read(url)
    assert found is not None
    assert found.host + found.path + ("" if found.query is None else f"?{found.query}") == canonical


def test_the_names_and_paths_above_an_address_are_those_that_google_asks_for() -> None:
    found = read("http://a.b.c.d.e.f.com/1.html?param=1")
    assert found is not None
    assert found.hosts() == ["a.b.c.d.e.f.com", "c.d.e.f.com", "d.e.f.com", "e.f.com", "f.com"]
    assert found.paths() == ["/1.html?param=1", "/1.html", "/"]
    deep = read("http://a.b.com/1/2/3/4/5.html")
    assert deep is not None
    assert (deep.hosts(), deep.paths()) == (["a.b.com", "b.com"], ["/1/2/3/4/5.html", "/", "/1/", "/1/2/", "/1/2/3/"])
    by_number = read("http://1.2.3.4/1/")
    assert by_number is not None
    assert (by_number.hosts(), by_number.paths()) == (["1.2.3.4"], ["/1/", "/"])


@pytest.mark.parametrize("text", ["", "javascript:alert(1)", "https://", "spotify:track:1", "http://[::1/", "no url"])
def test_what_is_no_web_address_is_none(text: str) -> None:
    assert read(text) is None
