"""The forms. What a value may be is origin's business: its answer becomes the error at the field."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
from starlette_wtf import StarletteForm
from wtforms import Field, FieldList, PasswordField, StringField
from wtforms.validators import DataRequired

from dashboard.errors import Refused
from dashboard.formats import row_label
from shared import typed_url


def strip(value: str | None) -> str:
    """A filter of fields: the text without the blanks around it."""
    return (value or "").strip()


def line_ends(value: str) -> str:
    """A filter of fields of several lines: browsers send CRLF, and the API has what it was given."""
    return value.replace("\r\n", "\n")


def with_scheme(value: str | None) -> str | None:
    """A filter of fields for addresses: `www.example.org` as https."""
    return typed_url.with_scheme(value) if value else value


def _behind_hash(value: str | None) -> str:
    """The token of a letter's link, whether all of the link was pasted or the token alone."""
    return strip(value).rpartition("#")[2]


class Wrong(NamedTuple):
    """What is wrong at a field: its id on the page, what it is called there, and why."""

    field_id: str
    name: str
    message: str


class Form(StarletteForm):  # type: ignore[misc]  # the library has no types
    """A form whose errors can also come from origin. Each carries a CSRF token."""

    def wrong(self) -> list[Wrong]:
        """What is wrong at each of the fields, in their order."""
        return [each for name, field in self._fields.items() if name != "csrf_token" for each in _wrong(field)]

    def refuse(self, error: Refused) -> None:
        """Put origin's refusal at the field that it names (as the API writes it), else at the whole form."""
        field = self._fields.get(re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", error.field))
        if field is None:
            about = f"{error.field}: " if error.field else ""
            self.form_errors.append(about + error.message)
        else:
            field.errors = [*field.errors, error.message]


class Rows(FieldList):  # type: ignore[misc]  # the library has no types
    """Fields of one kind, numbered in their names. The library fails on numbers that int() refuses, such as `²`."""

    def called(self, number: int) -> str:
        """The row of that number, from 1, as the page names it: a variant by its letter."""
        return row_label(str(number - 1), "variant") if self.short_name == "variants" else str(number)

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        begin = re.compile(rf"{re.escape(prefix)}-([0-9]{{1,4}})(?![0-9])")
        return (int(found[1]) for found in map(begin.match, formdata) if found)


def _wrong(field: Field, above: str = "") -> Iterator[Wrong]:
    if isinstance(field, Rows):
        yield from (
            Wrong(f"{field.id}-0-url", field.label.text, each) for each in field.errors if isinstance(each, str)
        )
        for number, row in enumerate(field.entries, 1):
            for each in row.form:
                yield from _wrong(each, f"{field.label.text} {field.called(number)}, ")
    else:
        yield from (Wrong(field.id, above + field.label.text, str(each)) for each in field.errors)


class LoginForm(Form):
    email = StringField("E-mail", [DataRequired("Enter your e-mail address.")], filters=[strip])
    password = PasswordField("Password", [DataRequired("Enter your password.")])


class CodeForm(Form):
    code = StringField("Code", [DataRequired("Enter the code.")], filters=[strip])


class PasswordCheckForm(Form):
    """The password once more. Who has none leaves it empty: whether that will do is origin's to say."""

    password = PasswordField("Password")


class BothFactorsForm(PasswordCheckForm, CodeForm):
    def to_send(self) -> dict[str, str]:
        return {"password": self.password.data or "", "code": self.code.data}


def _json_object(value: str | None) -> dict[str, Any] | None:
    """What the script of passkeys has put in; None for anything else than a JSON object."""
    try:
        found = msgspec.json.decode(value or "")
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) else None


class CredentialForm(Form):
    credential = StringField("Passkey", [DataRequired("The browser gave no passkey.")], filters=[_json_object])


class PasskeyNameForm(Form):
    name = StringField("Name", [DataRequired("Give the passkey a name.")], filters=[strip])


class PasskeyForm(CredentialForm):
    name = StringField("Name", default="Passkey", filters=[lambda value: strip(value) or "Passkey"])


class PasswordChangeForm(Form):
    current_password = PasswordField("Present password")
    password = PasswordField("New password", [DataRequired("Choose a password.")])


class EmailChangeForm(PasswordCheckForm):
    email = StringField("New e-mail", [DataRequired("Enter your new e-mail address.")], filters=[strip])


class RegisterForm(Form):
    email = StringField("E-mail", [DataRequired("Enter your e-mail address.")], filters=[strip])
    password = PasswordField("Password", [DataRequired("Choose a password.")])
    name = StringField("Name", filters=[strip])


class ForgottenForm(Form):
    email = StringField("E-mail", [DataRequired("Enter your e-mail address.")], filters=[strip])


class TokenForm(Form):
    token = StringField(
        "Code of the letter", [DataRequired("Open the link in the letter, or paste it here.")], filters=[_behind_hash]
    )


class NewPasswordForm(TokenForm):
    password = PasswordField("New password", [DataRequired("Choose a password.")])


class ApiKeyForm(Form):
    name = StringField("Name", [DataRequired("Give the key a name, such as where it will be used.")], filters=[strip])


class ConfirmForm(Form):
    """A button, and the CSRF token that makes pressing it mean something."""
