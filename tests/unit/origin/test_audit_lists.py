"""Every operation that changes something is known to the test of what it leaves in the audit log."""

from pathlib import Path

from origin.app import create_app
from origin.bootstrap import bootstrap
from origin.clicks.settings import ClickSettings
from origin.settings import OriginSettings
from tests.integration.origin.audit_calls import CALLS
from tests.integration.origin.audit_world import ELSEWHERE, NOTHING
from tests.integration.origin.test_audit_coverage import changing

CALLED, QUIET = "tests/integration/origin/audit_calls.py", "NOTHING of tests/integration/origin/audit_world.py"


def test_every_operation_that_changes_something_is_listed(tmp_path: Path) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:9/nothing"
    settings = OriginSettings(home=tmp_path, database_url=nowhere, secret_key="k" * 32, edge_secret="e" * 32)
    known = [*CALLS, *NOTHING, *ELSEWHERE]
    assert len(known) == len(set(known)), "listed twice"
    found = {each.id for each in changing(create_app(bootstrap(settings, ClickSettings())))}
    assert found - set(known) == set(), f"give each a call in {CALLED}, or a reason in {QUIET}"
    assert set(known) - found == set(), f"these are gone: take them out of {CALLED} or {QUIET}"
