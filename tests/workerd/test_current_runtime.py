"""What the Worker takes for granted of Cloudflare's runtime of today, whose Python cannot be run here: seen from JavaScript."""

import json
import subprocess

from tests.workerd.edge_process import ROOT


def test_a_request_can_be_read_after_its_reply_by_another_request() -> None:
    command = ["node", str(ROOT / "tests/workerd/kept_requests.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert [(each["method"], each["user-agent"], each["cf"]) for each in seen] == [
        (method, f'agent "{method}"', {"country": "DE"}) for method in ("GET", "HEAD")
    ]
    assert all(each["url"].endswith("/a?b") for each in seen)
