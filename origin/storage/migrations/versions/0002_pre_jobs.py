"""The job queue: procrastinate's tables, from the migrations that it ships"""

from importlib.resources import files

from alembic import op

revision = "0002"
down_revision = "0001"

# procrastinate never changes a migration that it has released. What comes after this one is a migration of ours again.
LAST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"


def upgrade() -> None:
    scripts = {
        each.name: each for each in files("procrastinate.sql.migrations").iterdir() if each.name.endswith(".sql")
    }
    # The driver's own connection: SQLAlchemy would read the scripts' percent signs and colons as parameters.
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    for name in sorted(scripts):
        if name <= LAST:
            connection.execute(scripts[name].read_text(encoding="utf-8"))
