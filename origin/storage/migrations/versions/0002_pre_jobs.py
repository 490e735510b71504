"""The job queue: procrastinate's tables, as the installed release ships them"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"

# The newest of procrastinate's own migrations that the schema holds; a test fails when an upgrade brings a newer one. The
# migration that is then added here looks first at what is there: a fresh database has it from this one already.
# (Its migrations can't be replayed here: before Postgres 17 an enum value added in a transaction can't be used in it.)
LAST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"


def upgrade() -> None:
    # The driver's own connection: SQLAlchemy would read the script's percent signs and colons as parameters.
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    connection.execute(SchemaManager.get_schema())
