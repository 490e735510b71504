"""Where letters go: to an SMTP server, or into the local mailbox."""

from email.headerregistry import Address
from email.utils import parseaddr
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from origin.jobs.worker import TryLater
from origin.mail.letters import Letter
from origin.mail.mailbox import Mailbox
from shared.errors import BadSetting

_SCHEMES = {"smtp", "smtps"}
_TIMEOUT_SECONDS = 20.0
_TRY_LATER = range(400, 500)  # a server's "not now"; 5xx is "never"


class Post(Protocol):
    """Takes letters."""

    async def send(self, letter: Letter) -> None:
        """Hand the letter over; raises TryLater where that may work later."""
        ...


class Smtp:
    """An SMTP server. `smtps://` speaks TLS from the start, `smtp://...?starttls=required` refuses to go without it."""

    def __init__(self, url: str, sender: Address) -> None:
        """Raises BadSetting."""
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise BadSetting("NEARHOP_MAIL_URL is of the form smtp://user:password@host:port or smtps://...")
        self._sender = sender
        self._host = parts.hostname
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        # None: where the server offers it.
        self._start_tls = True if parse_qs(parts.query).get("starttls") == ["required"] else None

    async def send(self, letter: Letter) -> None:
        """Hand the letter to the server; raises TryLater where it can't be reached or says "not now"."""
        try:
            await aiosmtplib.send(
                letter.message(self._sender),
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                start_tls=False if self._tls else self._start_tls,
                timeout=_TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPAuthenticationError as error:
            # The settings are wrong, not the letter: it goes once they are right.
            raise TryLater(f"{self._host} refuses the user or the password: {error.code}") from error
        except aiosmtplib.SMTPResponseException as error:
            if error.code in _TRY_LATER:
                raise TryLater(f"{self._host} answers {error.code}") from error
            raise
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(each.code in _TRY_LATER for each in error.recipients):
                raise TryLater(f"{self._host} takes no mail for this address now") from error
            raise
        except (aiosmtplib.SMTPException, OSError) as error:
            raise TryLater(f"{self._host} can't be reached: {type(error).__name__}") from error


def make_post(mail_url: str, mail_from: str, mailbox: Mailbox) -> Post:
    """The SMTP server of the settings, or the local mailbox where there is none; raises BadSetting."""
    sender = read_sender(mail_from)
    return Smtp(mail_url, sender) if mail_url else LocalPost(mailbox, sender)


def read_sender(text: str) -> Address:
    """`Name <address>`; raises BadSetting."""
    name, address = parseaddr(text)
    if "@" not in address:
        raise BadSetting(f"NEARHOP_MAIL_FROM is {text!r}, but it takes `Name <address>`.")
    return Address(name, addr_spec=address)


class LocalPost:
    """Puts letters into the mailbox of this machine."""

    def __init__(self, mailbox: Mailbox, sender: Address) -> None:
        self._mailbox = mailbox
        self._sender = sender

    async def send(self, letter: Letter) -> None:
        """Keep the letter."""
        self._mailbox.put(letter.message(self._sender))
