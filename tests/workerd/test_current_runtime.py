"""What the Worker takes for granted of Cloudflare's runtime of today, whose Python cannot be run here: seen from JavaScript."""

import json
import subprocess

from tests.workerd.edge_process import ROOT


def test_a_request_can_be_read_after_its_reply_by_another_request() -> None:
    command = ["node", str(ROOT / "tests/workerd/kept_requests.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    methods, urls, headers, cf = json.loads(done.stdout)
    assert methods == ["GET", "HEAD"]
    assert all(url.endswith("/a?b") for url in urls)
    assert headers == [[f'agent "{method}"', None] for method in methods]
    assert cf == [{"country": "DE"}] * 2
