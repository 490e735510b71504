"""Letters: a template's text and HTML, filled in."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_templates = Environment(
    loader=PackageLoader("origin.mail"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is said to whom. The first line of the text template is the subject."""

    to: str
    subject: str
    text: str
    html: str

    def message(self, sender: Address) -> EmailMessage:
        """The message to send: text and HTML, each complete."""
        message = EmailMessage()
        message["From"] = sender
        message["To"] = self.to
        message["Subject"] = self.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = make_msgid(domain=sender.domain)
        message["Auto-Submitted"] = "auto-generated"  # so that nobody's holiday notice comes back
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        return message


def write(template: str, to: str, **values: Any) -> Letter:
    """Fill in `templates/<template>.txt` and `.html`."""
    subject, _, text = _templates.get_template(f"{template}.txt").render(values).partition("\n")
    html = _templates.get_template(f"{template}.html").render(values, subject=subject)
    return Letter(to, " ".join(subject.split()), text.strip() + "\n", html)
