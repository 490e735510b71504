"""Every task that the jobs process knows, by name."""

from sqlalchemy.ext.asyncio import AsyncEngine

from origin.accounts.mail_tokens import MailTokens
from origin.accounts.mails import AccountMails
from origin.hostnames.tasks import HostnameTasks, hostnames_of
from origin.jobs.worker import Task
from origin.mail.post import Post
from origin.settings import OriginSettings
from origin.workspaces.invitation_mails import InvitationMails


def tasks_of(settings: OriginSettings, engine: AsyncEngine, post: Post) -> dict[str, Task]:
    """The tasks with what they need."""
    tokens, dashboard_url = MailTokens(settings.signing_key), settings.public_dashboard_url
    return {
        **AccountMails(engine, tokens, post, dashboard_url).tasks(),
        **InvitationMails(engine, tokens, post, dashboard_url).tasks(),
        **HostnameTasks(engine, hostnames_of(settings)).tasks(),
    }
