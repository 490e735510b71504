"""What the operator has closed: found when a link is made at its place, or to its URL."""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute(
        """
        CREATE INDEX quarantines_closed_place_idx ON quarantines (domain, key)
            WHERE released_at IS NULL AND source = 'operator'
        """
    )
    op.execute(
        """
        CREATE INDEX quarantines_closed_url_idx ON quarantines (workspace_id, hashtextextended(url, 0))
            WHERE released_at IS NULL AND source = 'operator'
        """
    )
