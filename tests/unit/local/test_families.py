import os
import signal
import subprocess
import sys

from deploy.local.families import family, wait_for_end

# A child in a session of its own, as workerd is one of its runner.
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def test_a_process_that_was_killed_is_waited_for_with_what_it_started() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        found = family(parent.pid)
        assert found == [parent.pid, child]
        assert not wait_for_end(found, 0.05)
        os.kill(parent.pid, signal.SIGKILL)  # the child sees the end of its input, and ends by itself
        assert wait_for_end(found, 20)
    assert family(child) == [child]
    assert wait_for_end([child], 0)
