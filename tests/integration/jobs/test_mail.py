"""Letters through a real SMTP server, and into the local mailbox."""

import base64
import os
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from starlette.applications import Starlette

from origin.jobs.worker import TryLater
from origin.mail import letters, views
from origin.mail.mailbox import Mailbox
from origin.mail.post import Smtp, make_post, read_sender
from origin.problems import ApiProblem, on_api_problem
from shared.errors import BadSetting
from tests.integration.jobs.smtp_server import Inbox, smtp_server

SENDER = "Nearhop Ünïcode <hello@nearhop.example>"
LINK = "https://nearhop.example/reset-password#a-token&<b>"


@pytest.fixture
def port(free_port: Callable[[], int]) -> int:
    return free_port()


@pytest.fixture
def inbox(port: int) -> Iterator[Inbox]:
    with smtp_server(port) as inbox:
        yield inbox


async def test_a_letter_arrives_as_text_and_html(inbox: Inbox, port: int) -> None:
    post = Smtp(f"smtp://127.0.0.1:{port}", read_sender(SENDER))
    await post.send(letters.write("reset", "ada@example.com", link=LINK))
    (message,) = inbox.letters
    assert message["To"] == "ada@example.com"
    assert message["From"] == SENDER
    assert message["Subject"] == "Choose a new password"
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert LINK in text.get_content()
    assert 'href="https://nearhop.example/reset-password#a-token&amp;&lt;b&gt;"' in html.get_content()


@pytest.mark.parametrize(
    "template", sorted(each.stem for each in Path(letters.__file__).parent.glob("templates/*.txt"))
)
def test_every_letter_can_be_written(template: str) -> None:
    values = {"title": "A title", "text": "A text.", "remedy": "Do it", "action": "Go"}  # of the notice
    values |= {"workspace": "Ada & Co", "inviter": "Grace", "role": "admin"}  # of the invitation
    letter = letters.write(template, "ada@example.com", link=LINK, **values)
    assert letter.subject
    assert LINK in letter.text
    assert 'style="display:inline-block' in letter.html


async def test_a_server_that_says_not_now_is_tried_later_and_one_that_says_never_is_not(
    inbox: Inbox, port: int
) -> None:
    post = Smtp(f"smtp://127.0.0.1:{port}", read_sender(SENDER))
    letter = letters.write("reset", "ada@example.com", link=LINK)
    inbox.refusals = ["451 busy", "554 no"]
    with pytest.raises(TryLater):
        await post.send(letter)
    with pytest.raises(Exception, match="554"):
        await post.send(letter)
    await post.send(letter)
    assert len(inbox.letters) == 1


async def test_a_refused_password_is_tried_again_later_and_not_told(port: int) -> None:
    password = "a-password-of-the-mail-server"

    def refuse(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    server = Controller(Inbox(), hostname="127.0.0.1", port=port, auth_require_tls=False, authenticator=refuse)
    server.start()
    try:
        post = Smtp(f"smtp://ada:{password}@127.0.0.1:{port}", read_sender(SENDER))
        with pytest.raises(TryLater) as told:
            await post.send(letters.write("reset", "ada@example.com", link=LINK))
    finally:
        server.stop()
    words = "".join(traceback.format_exception(told.value))
    assert "535" in words
    assert not any(each in words for each in (password, base64.b64encode(password.encode()).decode()))


async def test_a_server_that_is_not_there_is_tried_later(port: int) -> None:
    post = Smtp(f"smtp://127.0.0.1:{port}", read_sender(SENDER))
    with pytest.raises(TryLater):
        await post.send(letters.write("reset", "ada@example.com", link=LINK))


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example:25"])
def test_a_mail_url_that_is_none_is_refused_at_the_start(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting):
        make_post(url, SENDER, Mailbox(tmp_path))


async def test_without_a_server_letters_stay_in_the_mailbox_the_newest_first(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "mail")
    post = make_post("", SENDER, mailbox)
    for name in ("ada", "grace"):
        await post.send(letters.write("reset", f"{name}@example.com", link=LINK))
    assert [each.message["To"] for each in mailbox.letters()] == ["grace@example.com", "ada@example.com"]
    assert LINK in mailbox.letters()[0].text
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "mail").iterdir()}
    assert modes == {0o600}
    assert mailbox.get("../../etc/passwd") is None


async def test_a_command_prints_the_mailbox_the_newest_last(tmp_path: Path) -> None:
    post = make_post("", SENDER, Mailbox(tmp_path / "mail"))
    for name in ("ada", "grace"):
        await post.send(letters.write("reset", f"{name}@example.com", link=LINK))
    environ = {**os.environ, "NEARHOP_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "origin", "mailbox"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)  # noqa: ASYNC221
    assert LINK in done.stdout
    assert done.stdout.index("ada@example.com") < done.stdout.index("grace@example.com")


async def page(mailbox: Mailbox, path: str, *, client: str = "127.0.0.1", host: str = "localhost") -> httpx.Response:
    app = Starlette(routes=views.routes(mailbox), exception_handlers={ApiProblem: on_api_problem})
    transport = httpx.ASGITransport(app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}:8000") as browser:
        return await browser.get(path)


async def test_the_mailbox_is_a_page_for_this_machine_alone(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    assert "no letters yet" in (await page(mailbox, views.PATH)).text
    await make_post("", SENDER, mailbox).send(letters.write("reset", "ada@example.com", link=LINK))
    shown = await page(mailbox, views.PATH)
    assert "ada@example.com" in shown.text
    assert "#a-token" in shown.text
    letter = await page(mailbox, f"{views.PATH}/{mailbox.letters()[0].name}")
    assert "Choose a password" in letter.text
    assert (await page(mailbox, f"{views.PATH}/nothing.eml")).status_code == 404
    assert (await page(mailbox, views.PATH, client="192.0.2.7")).status_code == 404
    assert (await page(mailbox, views.PATH, host="evil.example")).status_code == 404
