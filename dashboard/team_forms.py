"""The forms about people and workspaces."""

from typing import Any

from wtforms import BooleanField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from dashboard.errors import Refused
from dashboard.forms import Form, strip
from dashboard.team_types import ROLES, Workspace

STATUSES = {"": "302, found", "301": "301, moved permanently", "307": "307, temporary", "308": "308, permanent"}
FORWARDING = {
    "": "Leave it out",
    "append": "Add it to the destination's",
    "override": "Let it win over the destination's",
}
_PRECONDITION_FAILED = 412
_OUTDATED = (
    "Somebody else has changed the settings meanwhile: load the page again to see them, and change what is there now."
)
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


class InviteForm(Form):
    email = StringField("E-mail", [DataRequired("Enter the address to invite.")], filters=[strip])
    role = SelectField("Role", choices=ROLES, default="member")


class JoinForm(Form):
    """An account for the invited address, which the letter has named."""

    name = StringField("Name", filters=[strip])
    password = PasswordField("Password", [DataRequired("Choose a password.")])


class WorkspaceForm(Form):
    name = StringField("Name", [DataRequired("Give the workspace a name.")], filters=[strip])


class DeleteForm(Form):
    """What has to be typed so that nobody deletes a workspace by a slip."""

    confirm = StringField("Slug of the workspace", filters=[strip])


class TransferForm(Form):
    user_id = SelectField("New owner", validate_choice=False)


class SettingsForm(Form):
    """A workspace's settings. `etag` is of the state that was shown."""

    etag = StringField()
    name = StringField("Name", [DataRequired("Give the workspace a name.")], filters=[strip])
    slug = StringField("Slug", [DataRequired("Enter a slug.")], filters=[strip])
    default_domain = SelectField("Domain", validate_choice=False)
    redirect_status = SelectField("Redirect status", choices=[SelectChoice(*each) for each in STATUSES.items()])
    forward_query = SelectField("Query of the visitor", choices=[SelectChoice(*each) for each in FORWARDING.items()])
    track_conversion = BooleanField("Track conversions")
    do_index = BooleanField("Let search engines index them")
    utm_source = StringField("utm_source", filters=[strip])
    utm_medium = StringField("utm_medium", filters=[strip])
    utm_campaign = StringField("utm_campaign", filters=[strip])
    utm_term = StringField("utm_term", filters=[strip])
    utm_content = StringField("utm_content", filters=[strip])
    allowed_origins = TextAreaField("Web origins", filters=[strip])

    def refuse(self, error: Refused) -> None:
        """Say what to do about somebody else's change; the rest as every form does."""
        message = _OUTDATED if error.status == _PRECONDITION_FAILED else error.message
        super().refuse(Refused(error.status, message, error.field))

    def show(self, workspace: Workspace, etag: str) -> None:
        """Fill the form in with what the workspace has."""
        values = workspace.link_defaults
        self.etag.data = etag
        self.name.data, self.slug.data = workspace.name, workspace.slug
        self.default_domain.data = workspace.default_domain or ""
        self.redirect_status.data = str(values.get("redirectStatus") or "")
        self.forward_query.data = values.get("forwardQuery") or ""
        self.track_conversion.data = bool(values.get("trackConversion"))
        self.do_index.data = bool(values.get("doIndex"))
        for name in UTM:
            self._fields[name].data = values.get(name) or ""
        self.allowed_origins.data = "\n".join(workspace.allowed_origins)

    def body(self) -> dict[str, Any]:
        """What to ask of origin."""
        defaults: dict[str, Any] = {
            "redirectStatus": int(self.redirect_status.data) if self.redirect_status.data else None,
            "forwardQuery": self.forward_query.data or None,
            "trackConversion": self.track_conversion.data or None,
            "doIndex": self.do_index.data or None,
            **{name: self._fields[name].data or None for name in UTM},
        }
        return {
            "name": self.name.data,
            "slug": self.slug.data,
            "defaultDomain": self.default_domain.data or None,
            "linkDefaults": {name: value for name, value in defaults.items() if value is not None},
            "allowedOrigins": (self.allowed_origins.data or "").split(),
        }
