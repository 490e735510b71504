"""Codes and domains: what is allowed, and that generated codes never meet."""

import itertools
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import slug
from shared.errors import BadCode, BadDomain
from shared.kv_record import kv_key


def test_all_numbers_of_a_length_give_all_its_codes() -> None:
    codes = {slug.generate(number, "secret", length=2) for number in range(slug.capacity(2))}
    assert len(codes) == slug.capacity(2)
    assert all(len(code) == 2 for code in codes)


def test_neighbouring_numbers_give_codes_in_no_order() -> None:
    codes = [slug.generate(number, "secret") for number in range(200)]
    assert codes != sorted(codes)
    shared_starts = sum(a[:2] == b[:2] or a[-2:] == b[-2:] for a, b in itertools.pairwise(codes))
    assert shared_starts < 5


def test_another_secret_gives_other_codes() -> None:
    assert slug.generate(1, "one") != slug.generate(1, "two")


@given(st.integers(0, slug.capacity(7) - 1))
def test_a_generated_code_is_a_valid_code_without_vowels(number: int) -> None:
    code = slug.generate(number, "secret")
    assert slug.normalize_code(code) == code
    assert not set(code.lower()) & set("aeiou01l")


@pytest.mark.parametrize("number", [-1, slug.capacity(3)])
def test_a_number_outside_the_length_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="hold the numbers 0 to"):
        slug.generate(number, "secret", length=3)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "a/../b",
        "./a",
        "a+/b",
        "a/b.qr",
        "abc.qr.png",
        "healthz/x",
        "Robots.TXT/x",
        ".well-known/x/y",
        "a/b/c/d/e",
        "a\\b",
        "a?b",
        "a#b",
        "a b",
        "a\nb",
        "a\x00",
        "\ud800",
        "a%20",
        "<a>",
        ".",
        "..",
        "abc+",
        "abc.qr",
        "robots.txt",
        "Favicon.ICO",
        ".well-known",
        "_nearhop",
        "x" * 191,
        "😀" * 81,
    ],
)
def test_a_code_that_a_url_could_not_carry_is_refused(code: str) -> None:
    with pytest.raises(BadCode):
        slug.normalize_code(code)


@pytest.mark.parametrize(
    "code", ["abc", "A-b_c.d", "~x", "été", "日本", "🚀", "👩‍🚀", "x" * 190, "c/abc", "a/healthz", "é/🚀/.x/robots.txt"]
)
def test_own_codes_may_be_words_of_any_script_and_emoji(code: str) -> None:
    assert slug.normalize_code(code) == code


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("/.+qr")))
def test_a_code_that_is_accepted_is_in_its_own_form_and_so_is_all_that_it_lies_below(text: str) -> None:
    try:
        code = slug.normalize_code(text)
    except BadCode:
        return
    for each in (code, *slug.leading_codes(code)):
        assert slug.normalize_code(each) == each
        assert not each.startswith("/")
        assert not each.endswith(("/", *slug.VIEWS))
    for way in (quote(code), quote(code, safe=""), quote(text)):
        assert slug.normalize_code(unquote(way)) == code
    assert slug.leading_codes(code) == ["/".join(code.split("/")[:n]) for n in range(code.count("/"), 0, -1)]


def test_two_ways_to_type_an_accent_are_one_code() -> None:
    assert slug.normalize_code("e\u0301") == slug.normalize_code("\u00e9")


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("Go.Example.COM", "go.example.com"),
        ("localhost:8787", "localhost"),
        ("example.com.", "example.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("[::1]:8787", "[::1]"),
    ],
)
def test_a_host_is_lower_case_punycode_without_port(host: str, domain: str) -> None:
    assert slug.normalize_domain(host) == domain


@pytest.mark.parametrize("host", ["", ":80", ".", "ü" * 80 + ".de", "a" * 191])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(BadDomain):
        slug.normalize_domain(host)


def test_the_longest_domain_and_code_fit_a_kv_key() -> None:
    assert len(kv_key("d" * slug.MAX_DOMAIN_LENGTH, "é" * (slug.MAX_CODE_BYTES // 2)).encode()) <= 512
