"""`python -m origin.jobs` does the queued jobs: mail, and what else may take longer than an answer."""

import asyncio
import sys

from origin import logs
from origin.jobs.process import PortTaken, run
from origin.settings import OriginSettings
from shared.errors import BadSetting
from shared.settings import load


def main() -> int:
    """Work until SIGTERM or SIGINT; 0 after an orderly end."""
    logs.configure()
    try:
        asyncio.run(run(load(OriginSettings)))
    except (BadSetting, PortTaken) as error:
        print(error, file=sys.stderr)  # noqa: T201  # for whoever started it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
