"""Where links may lead."""

from pathlib import Path

import pytest

from origin.links.destinations import MAX_BYTES, check
from origin.problems import Unprocessable

LISTS = Path(__file__).parents[3] / "deploy" / "demo" / "links.txt"


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://example.com", "example.com", 443),
        ("HTTP://Example.COM.:8080/a", "example.com", 8080),
        ("https://user:p%40ss@example.com/", "example.com", 443),
        ("https://a@b@example.com/", "example.com", 443),
        ("https://münchen.example/", "xn--mnchen-3ya.example", 443),
        ("https://\uff25\uff38\uff21\uff2d\uff30\uff2c\uff25\u3002com", "example.com", 443),
        ("https://8.8.8.8:/x", "8.8.8.8", 443),
        ("https://134744072/", "8.8.8.8", 443),
        ("https://[2606:4700::1111]:444/", "2606:4700::1111", 444),
        ("https://example.com?no=path", "example.com", 443),
        ("https://example.com#no-path", "example.com", 443),
        ("https://good.example\\@bad.example/", "good.example", 443),
        ("https://under_score.example.com/", "under_score.example.com", 443),
    ],
)
def test_the_host_is_the_one_that_a_browser_goes_to(url: str, host: str, port: int) -> None:
    destination = check(url, allow_private=False)
    assert (destination.url, destination.host, destination.port) == (url, host, port)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com",
        "https:example.com",
        "https:/example.com",
        "https://",
        "https:///path",
        "https://?query",
        "https://user:secret@",
        "https://user@/path",
        "https://:443/",
        "https://exa mple.com/",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://example.com/\u3000",
        "https://example.com/\x00",
        "https://exa%6dple.com/",
        "https://example..com/",
        "https://example.com:99999/",
        "https://example.com:port/",
        "https://[::1/",
        "https://[nonsense]/",
        "https://256.256.256.256/",
        "https://1.2.3.4.5/",
        "javascript:alert(1)",
        "JavaScript://example.com/%0aalert(1)",
        "data:text/html;base64,eA==",
        "file:///etc/passwd",
        "ftp://example.com/",
        "blob:https://example.com/x",
        "intent://example.com#Intent;end",
        "mailto:a@example.com",
        " https://example.com/",
    ],
)
def test_what_is_no_web_address_is_refused_even_where_private_ones_are_allowed(url: str) -> None:
    with pytest.raises(Unprocessable, match=r"^url: "):
        check(url, allow_private=True)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "printer",
        "printer.local",
        "db.internal",
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "017700000001",
        "2130706433",
        "\uff11\uff12\uff17.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "[::1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_hosts_of_private_networks_are_refused_unless_allowed(host: str) -> None:
    url = f"http://{host}/"
    with pytest.raises(Unprocessable, match="NEARHOP_ALLOW_PRIVATE_DESTINATIONS"):
        check(url, allow_private=False)
    assert check(url, allow_private=True).url == url


def test_the_length_is_bounded_in_bytes() -> None:
    base = "https://example.com/"
    longest = base + "ü" * ((MAX_BYTES - len(base)) // 2)
    assert check(longest, allow_private=False).url == longest
    with pytest.raises(Unprocessable, match="8194 bytes, but 8192 is the most"):
        check(longest + "ü", allow_private=False)


def test_every_address_of_the_demonstration_may_be_shortened() -> None:
    urls = [line for line in LISTS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert len(urls) > 10
    for url in urls:
        assert check(url, allow_private=False).url == url
