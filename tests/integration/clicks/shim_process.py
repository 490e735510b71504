"""`python -m tests.integration.clicks.shim_process FOLDER PORT`: the ClickHouse of the shim as a process that can be killed."""

import sys
from pathlib import Path

from tests.integration.clicks.clickhouse_shim import Shim

if __name__ == "__main__":
    Shim(Path(sys.argv[1]), int(sys.argv[2])).serve_forever()
