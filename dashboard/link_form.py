"""The form of a link: the few fields that everybody fills in, and the options that most links do without."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import wtforms
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FloatField,
    FormField,
    IntegerField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, NumberRange, Optional, ValidationError

from dashboard.errors import Refused
from dashboard.formats import countries, row_label
from dashboard.forms import Form, Rows, line_ends, strip, with_scheme
from dashboard.origin_types import Link, Tag
from dashboard.team_forms import FORWARDING, STATUSES, UTM
from dashboard.team_types import Domain

VARIANTS, SPARE_COUNTRIES, MOST_COUNTRIES = 4, 2, 250
_CODE = re.compile("[A-Z]{2}")
_DATE = "%Y-%m-%dT%H:%M"
_TIME = {"format": [_DATE, "%Y-%m-%dT%H:%M:%S"], "validators": [Optional()]}
_PRECONDITION_FAILED = 412
_OUTDATED = (
    "Somebody else has changed this link meanwhile: load the page again to see it, and change what is there now."
)
_WINNERS = [
    SelectChoice(str(number), f"Variant {row_label(str(number), 'variant')} has won") for number in range(VARIANTS)
]
# The groups of options, by the names of their fields. One that says something, or is wrong, is shown open.
GROUPS = {
    "campaign": UTM,
    "preview": ("proxy", "description", "image"),
    "life": ("expires_at", "expired_url", "starts_at", "max_clicks", "one_time", "password"),
    "places": ("ios", "android", "geo"),
    "test": ("variants", "winner"),
    "conversions": ("track_conversion",),
    "redirect": ("status", "forward_query", "forward_path"),
}


def _whole(share: float | None) -> float | None:
    """A filter: 50.0 is shown as 50."""
    return int(share) if share is not None and share.is_integer() else share


class CountryForm(wtforms.Form):  # type: ignore[misc]  # the library has no types
    """Where the visitors of one country go. A row without an address is none."""

    country = SelectField("Country", validate_choice=False, default="")
    url = StringField("Destination", filters=[strip, with_scheme])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = sorted(countries().items(), key=lambda each: each[1])
        self.country.choices = [SelectChoice("", "Choose a country"), *(SelectChoice(*each) for each in named)]
        code = self.country.data or ""
        if _CODE.fullmatch(code) and code not in countries():  # such as XK, which links made by the API may have
            self.country.choices.append(SelectChoice(code))

    def validate_url(self, field: StringField) -> None:
        if self.country.data and not field.data:
            raise ValidationError("Enter where these visitors go, or choose no country.")
        if field.data and not _CODE.fullmatch(self.country.data or ""):
            raise ValidationError("Choose the country whose visitors go here.")


class VariantForm(wtforms.Form):  # type: ignore[misc]
    url = StringField("Destination", filters=[strip, with_scheme])
    percentage = FloatField("Share in %", [Optional(), NumberRange(10, 90, "A share is 10 to 90 %.")], filters=[_whole])

    def validate_url(self, field: StringField) -> None:
        if self.percentage.data and not field.data:
            raise ValidationError("Enter where this share of the visitors goes.")
        if field.data and self.percentage.data is None:
            raise ValidationError("Enter its share of the visitors.")


class LinkForm(Form):
    """`etag` is of the state that was shown; times are of the reader's time zone."""

    etag = StringField()
    url = StringField(
        "Destination", [DataRequired("Enter the address that the link shall lead to.")], filters=[strip, with_scheme]
    )
    domain = SelectField("Domain", validate_choice=False, filters=[strip])
    key = StringField("Short code", filters=[strip])
    title = StringField("Title", filters=[strip])
    comments = TextAreaField("Notes", filters=[strip, line_ends])
    tag_ids = SelectMultipleField("Tags", validate_choice=False)
    new_tags = StringField("New tags", filters=[strip])
    utm_source = StringField("Source", filters=[strip])
    utm_medium = StringField("Medium", filters=[strip])
    utm_campaign = StringField("Campaign", filters=[strip])
    utm_term = StringField("Term", filters=[strip])
    utm_content = StringField("Content", filters=[strip])
    proxy = BooleanField("Show networks and chats this title, description and image")
    description = TextAreaField("Description", filters=[strip, line_ends])
    image = StringField("Address of an image", filters=[strip, with_scheme])
    expires_at = DateTimeLocalField("Expires", **_TIME)
    expired_url = StringField("Destination afterwards", filters=[strip, with_scheme])
    starts_at = DateTimeLocalField("Opens", **_TIME)
    max_clicks = IntegerField("Most clicks", [Optional(), NumberRange(1, 10**9, "It is 1 or more.")])
    one_time = BooleanField("Let one visitor in, and nobody after them")
    password = PasswordField("Password")
    no_password = BooleanField("Take the password away")
    ios = StringField("On iPhone and iPad", filters=[strip, with_scheme])
    android = StringField("On Android", filters=[strip, with_scheme])
    geo = Rows(FormField(CountryForm), "Country", max_entries=MOST_COUNTRIES)
    variants = Rows(FormField(VariantForm), "Variant", min_entries=VARIANTS, max_entries=VARIANTS)
    winner = SelectField("Outcome", choices=[SelectChoice("", "Still running"), *_WINNERS], default="")
    track_conversion = BooleanField("Track leads and sales of its clicks")
    status = SelectField("Redirect status", choices=[SelectChoice(*each) for each in STATUSES.items()], default="")
    forward_query = SelectField(
        "Query of the visitor", choices=[SelectChoice(*each) for each in FORWARDING.items()], default=""
    )
    forward_path = BooleanField("Carry what follows the code over to the destination")
    disabled = BooleanField("Switched off: it leads nowhere, and can be switched on again")
    archived = BooleanField("Archived: it works on, but is not listed")

    def validate_geo(self, field: Rows) -> None:
        seen = set()
        for each in field.entries:
            country = each.form.country.data
            if country and country in seen:
                each.form.url.errors = [*each.form.url.errors, "This country has a destination above."]
                raise ValidationError("A country has one destination.")
            seen.add(country)

    def validate_variants(self, field: Rows) -> None:
        shares = [each.form.percentage.data or 0 for each in field.entries if each.form.url.data]
        if len(shares) == 1:
            raise ValidationError("A test has 2 to 4 variants.")
        if shares and not math.isclose(math.fsum(shares), 100):
            raise ValidationError(f"The shares add up to 100 %, not to {sum(shares):g} %.")

    def offer(self, domains: Iterable[Domain], tags: Iterable[Tag], link: Link | None) -> None:
        """What can be chosen: the workspace's domains and tags, and what the link has of both."""
        own = [each.slug for each in domains if each.verified and not each.archived]
        first = [SelectChoice(link.domain)] if link else [SelectChoice("", "The workspace's usual one")]
        self.domain.choices = [*first, *(SelectChoice(each) for each in own if not link or each != link.domain)]
        known = {each.id: each.name for each in (*tags, *(link.tags if link else ()))}
        self.tag_ids.choices = [SelectChoice(tag_id, name) for tag_id, name in known.items()]

    def add_rows(self, wanted: int = SPARE_COUNTRIES) -> None:
        """Leave so many empty rows for countries."""
        empty = sum(not (each.form.country.data or each.form.url.data) for each in self.geo.entries)
        for _ in range(min(wanted - empty, MOST_COUNTRIES - len(self.geo.entries))):
            self.geo.append_entry()

    def leads_elsewhere(self) -> bool:
        """Whether some visitors are led to another address than `url`."""
        rows = [*self.geo.entries, *self.variants.entries]
        return any((self.ios.data, self.android.data, *(each.form.url.data for each in rows)))

    def is_open(self, group: str) -> bool:
        """Whether anything of a group of options is set, or wrong."""
        fields = [self._fields[name] for name in GROUPS[group]]
        return any(each.errors or _says_something(each.data) for each in fields)

    def refuse(self, error: Refused) -> None:
        """Put origin's refusal at the field, which the API names by a path such as `testVariants[0].url`."""
        path = error.field.removeprefix("redirect.")
        row = self._row(path)
        if error.status == _PRECONDITION_FAILED:
            self.form_errors.append(_OUTDATED)
        elif row is not None:
            row.errors = [*row.errors, error.message]
        else:
            names = {"disabledAt": "disabled", "tagIds": "new_tags", "tagNames": "new_tags", "testVariants": "variants"}
            super().refuse(Refused(error.status, error.message, names.get(path, path)))

    def _row(self, path: str) -> wtforms.Field | None:
        name, _, rest = path.replace("[", ".").replace("]", "").partition(".")
        if name == "geo" and rest:
            rows: Sequence[Any] = [each for each in self.geo.entries if each.form.country.data == rest]
            return rows[0].form.url if rows else None
        if name == "testVariants" and rest:
            number, _, field = rest.partition(".")
            rows = [each for each in self.variants.entries if each.form.url.data]
            known = number.isdecimal() and int(number) < len(rows) and field in rows[int(number)].form
            return rows[int(number)].form[field] if known else None
        return None


def _says_something(data: Any) -> bool:
    if isinstance(data, list):
        return any(_says_something(each) for each in data)
    return any(data.values()) if isinstance(data, dict) else bool(data)
